import { X509Certificate } from 'node:crypto';
import { X509Certificate as ParsedCertificate } from '@sigstore/core';
import { SignatureError } from './bundle.ts';
import { hashOf } from './keys.ts';

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/**
 * The extensions whose meaning is checked here or by Node, or that do not restrict what a certificate may sign: key usage,
 * basic constraints, extended key usage, alternative names, key identifiers, policies, and where to ask for revocation.
 */
const KNOWN_EXTENSIONS = new Set([
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.18',
  '2.5.29.19',
  '2.5.29.31',
  '2.5.29.32',
  '2.5.29.35',
  '2.5.29.37',
  '1.3.6.1.5.5.7.1.1',
]);

/**
 * Verifies a chain of certificates up to a trusted one, and returns that of the signer. As in model-signing, the time of the
 * verification is the start of the signer's certificate: the signature of a certificate that has expired stays valid.
 *
 * @param chain the certificates in DER, that of the signer first
 * @throws {SignatureError} if no path leads to a trusted certificate, or the certificate may not sign
 */
export function verifyChain(chain: readonly Buffer[], trusted: readonly X509Certificate[]): X509Certificate {
  try {
    return findSigner(chain, trusted);
  } catch (error) {
    // The parsers throw errors of their own in the middle of a certificate.
    throw error instanceof SignatureError ? error : new SignatureError('its certificates cannot be read');
  }
}

function findSigner(chain: readonly Buffer[], trusted: readonly X509Certificate[]): X509Certificate {
  const [signer, ...intermediates] = chain.map((der) => new X509Certificate(der));
  if (signer === undefined) throw new SignatureError('its signature has no certificate');
  const at = signer.validFromDate;
  if (!leadsToTrusted(signer, intermediates, trusted, at)) {
    throw new SignatureError('its certificate is not one of the trusted ones, and none of them has issued it');
  }
  if (!maySign(signer))
    throw new SignatureError(
      'its certificate may not sign: it has neither the usage digital signature nor code signing',
    );
  if (hashOf(signer.publicKey) === undefined) {
    throw new SignatureError('its certificate has a key of another kind than EC with the curve P-256, P-384 or P-521');
  }
  return signer;
}

function leadsToTrusted(
  signer: X509Certificate,
  intermediates: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  at: Date,
): boolean {
  const isTrusted = (certificate: X509Certificate) => trusted.some(({ raw }) => raw.equals(certificate.raw));
  if (hasUnknownRestriction(signer)) return false;
  if (isTrusted(signer)) return true;
  /** Each certificate is visited once, so that certificates that name each other take no longer. */
  const visited = new Set<X509Certificate>();
  /** @param authorities the number of authorities between the certificate and the signer */
  function search(certificate: X509Certificate, authorities: number): boolean {
    for (const issuer of [...trusted, ...intermediates]) {
      if (visited.has(issuer) || !hasIssued(issuer, certificate, authorities, at)) continue;
      visited.add(issuer);
      if (isTrusted(issuer) || search(issuer, authorities + 1)) return true;
    }
    return false;
  }
  return search(signer, 0);
}

function hasIssued(issuer: X509Certificate, certificate: X509Certificate, authorities: number, at: Date): boolean {
  // `ca` and `checkIssued` read basic constraints and key usage, and compare names and key identifiers.
  if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return false;
  if (at < issuer.validFromDate || at > issuer.validToDate || hasUnknownRestriction(issuer)) return false;
  const pathLength = parse(issuer).extBasicConstraints?.pathLenConstraint;
  return pathLength === undefined || BigInt(authorities) <= pathLength;
}

/** Returns whether a certificate has a critical extension that is not checked here, such as constraints on names. */
function hasUnknownRestriction(certificate: X509Certificate): boolean {
  return parse(certificate).extensions.some(({ subs: [oid, critical, value] }) => {
    // The field `critical` is left out if it is false.
    const isCritical = value !== undefined && critical?.toBoolean() === true;
    return isCritical && !KNOWN_EXTENSIONS.has(oid?.toOID() ?? '');
  });
}

function maySign(certificate: X509Certificate): boolean {
  // Node calls the extended key usage `keyUsage`, and does not read the key usage.
  return (
    parse(certificate).extKeyUsage?.digitalSignature === true || (certificate.keyUsage?.includes(CODE_SIGNING) ?? false)
  );
}

function parse({ raw }: X509Certificate): ParsedCertificate {
  return ParsedCertificate.parse(Buffer.from(raw));
}
