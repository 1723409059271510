import { z } from 'zod';

/** The name of the signature in the folder of a version. */
export const SIGNATURE_FILE = 'model.sig';

const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** The maximum number of certificates in a bundle. Chains of authorities have two to four. */
const MAX_CERTIFICATES = 10;

/** A version that is not signed, or whose signature does not fit. The message completes "the version cannot be used: ". */
export class SignatureError extends Error {
  override name = 'SignatureError';
  /** `unsigned`: the signature is missing. `signature`: the signature does not fit. */
  readonly kind: 'unsigned' | 'signature';

  constructor(reason: string, kind: 'unsigned' | 'signature' = 'signature', options: ErrorOptions = {}) {
    super(reason, options);
    this.kind = kind;
  }
}

/** Returns the error for a file whose content is not the signed one. */
export function notAsSigned(file: string): SignatureError {
  return new SignatureError(`the file ${JSON.stringify(file)} is not as it was signed`);
}

/** The key or the certificates to which a signature refers. */
export interface VerificationMaterial {
  /** The SHA-256 of the public key as PEM, in hexadecimal; `undefined` in signatures of older tools. */
  readonly keyHint?: string | undefined;
  /** The certificates in DER, that of the signer first. */
  readonly certificates?: readonly Buffer[] | undefined;
}

/** A signed statement. */
export interface Bundle extends VerificationMaterial {
  /** The signed statement as JSON. */
  readonly payload: Buffer;
  /** The ECDSA signature of the payload's pre-authentication encoding, in DER. */
  readonly signature: Buffer;
}

const bytes = z
  .string()
  .regex(/^[A-Za-z0-9+/_-]+={0,2}$/)
  .transform((text) => Buffer.from(text, 'base64'));

const bundleSchema = z.object({
  mediaType: z.literal(MEDIA_TYPE),
  verificationMaterial: z.object({
    publicKey: z.object({ hint: z.string().nullish() }).optional(),
    x509CertificateChain: z
      .object({
        certificates: z
          .array(z.object({ rawBytes: bytes }))
          .min(1)
          .max(MAX_CERTIFICATES),
      })
      .optional(),
    certificate: z.unknown().optional(),
  }),
  dsseEnvelope: z.object({
    payload: bytes,
    payloadType: z.literal(PAYLOAD_TYPE),
    signatures: z.array(z.object({ sig: bytes })).length(1),
  }),
});

/**
 * Parses a Sigstore bundle with a DSSE envelope, as OpenSSF model signing writes it.
 *
 * @throws {SignatureError} if the text is not such a bundle, or a keyless one
 */
export function parseBundle(text: string): Bundle {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new SignatureError(`${SIGNATURE_FILE} is not JSON`);
  }
  const { success, data } = bundleSchema.safeParse(json);
  if (!success) throw new SignatureError(`${SIGNATURE_FILE} is not a Sigstore bundle of version 0.3`);
  const { verificationMaterial, dsseEnvelope } = data;
  const { publicKey, x509CertificateChain, certificate } = verificationMaterial;
  if (certificate !== undefined) {
    throw new SignatureError(
      'it is signed without a key (keyless), which is not supported: sign with a key or a certificate',
    );
  }
  return {
    keyHint: publicKey?.hint ?? undefined,
    certificates: x509CertificateChain?.certificates.map(({ rawBytes }) => rawBytes),
    payload: dsseEnvelope.payload,
    signature: dsseEnvelope.signatures[0]!.sig,
  };
}

/** Writes a bundle as JSON. */
export function formatBundle({ keyHint, certificates, payload, signature }: Bundle): string {
  const rawBytes = certificates?.map((certificate) => ({ rawBytes: certificate.toString('base64') }));
  return JSON.stringify({
    mediaType: MEDIA_TYPE,
    verificationMaterial: {
      ...(keyHint !== undefined && { publicKey: { hint: keyHint } }),
      ...(rawBytes && { x509CertificateChain: { certificates: rawBytes } }),
      tlogEntries: [],
    },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: signature.toString('base64'), keyid: '' }],
    },
  });
}

/** Returns the bytes that are signed: the pre-authentication encoding of DSSE. */
export function signedBytes(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);
}
