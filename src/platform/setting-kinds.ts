import { z } from 'zod';

/** The kinds of settings: the schema of the text, and the allowed values for the error message. */

/** The definition of one environment variable. */
export interface Setting {
  schema: z.ZodType<unknown, string>;
  fallback?: string;
  /** The allowed values, for the error message. */
  allowed: string;
  /** Keeps the value out of error messages. */
  secret?: true;
}

export const integer = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);

export const boolean = z.enum(['true', 'false']).transform((value) => value === 'true');

const httpUrl = z.url({ protocol: /^https?$/ });

export const port = { schema: integer(0, 65_535), allowed: 'a port number from 0 to 65535' };
export const url = { schema: httpUrl, allowed: 'an http or https URL' };
/** The address of a PostgreSQL database. It can hold a password. */
export const databaseUrl = {
  schema: z.string().refine((text) => /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text)),
  allowed: 'a URL that begins with postgres://',
  secret: true,
} as const;
/** The maximum of a timer of Node in milliseconds, about 24 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
export const milliseconds = {
  schema: integer(1, MAX_TIMER_MS),
  allowed: `milliseconds from 1 to ${MAX_TIMER_MS}`,
};
export const positive = { schema: integer(1), allowed: 'a whole number from 1' };
export const share = {
  schema: z
    .string()
    .transform(Number)
    .refine((value) => value >= 0 && value <= 1),
  allowed: 'a share from 0 to 1',
};
export const onOff = { schema: boolean, allowed: 'true or false' };
export const path = { schema: z.string(), allowed: 'a folder' };
export const file = { schema: z.string(), allowed: 'a file' };
export const host = { schema: z.string(), allowed: 'a host name or address' };
export const list = (item: z.ZodType<string, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(item));
/** A list of exporters of OpenTelemetry. Only some of them have an effect. */
export const exporters = {
  schema: list(z.string().transform((name) => name.toLowerCase())),
  allowed: 'exporters, separated by commas',
};
export const hosts = {
  schema: list(
    z
      .string()
      .regex(/^[\w-]+(?:\.[\w-]+)*$/)
      .transform((name) => name.toLowerCase()),
  ),
  allowed: 'host names without ports, separated by commas',
};
export const origins = {
  schema: list(
    z
      .url({ protocol: /^https?$/ })
      .refine((text) => URL.canParse(text) && new URL(text).origin === text.toLowerCase())
      .transform((text) => text.toLowerCase()),
  ),
  allowed: 'origins such as https://app.example.org, separated by commas',
};

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
/** A sampler of OpenTelemetry. */
export const sampler = { schema: z.enum(SAMPLERS), allowed: `one of ${SAMPLERS.join(', ')}` };

/** The maximum number of former keys: an id that is not valid is compared with all of them. */
const MAX_FORMER_KEYS = 16;

/** Former keys of prediction ids. */
export const formerKeys = {
  schema: list(
    z
      .string()
      .min(16)
      // The content of a key file must be as long as that file needs it.
      .refine((key) => !key.startsWith('base64:') || Buffer.from(key.slice(7), 'base64').length >= 16),
  ).refine((keys) => keys.length <= MAX_FORMER_KEYS),
  allowed: `at most ${MAX_FORMER_KEYS} secrets of at least 16 characters, or base64: and the content of a key file, separated by commas`,
  secret: true as const,
};
