import { z } from 'zod';
import { UsageError } from '../../src/cli/usage.ts';
import { ConfigError, readSettings } from '../../src/platform/config.ts';
import { url } from '../../src/platform/setting-kinds.ts';

const settingsSchema = z.object({ jaegerUiUrl: z.string().nullable() });

const TIMEOUT_MS = 2_000;

/**
 * Returns the beginning of the address of a trace, to which the id is added: in Jaeger, by `JAEGER_UI_URL` of this command or
 * of the service, otherwise in the service itself. The service forgets traces, and Jaeger has only sampled ones.
 *
 * @throws {UsageError} if `JAEGER_UI_URL` is not a URL
 */
export async function findTraceLink(target: URL): Promise<string> {
  const jaeger = readJaegerUrl() ?? (await askService(target));
  return jaeger === undefined ? `${withoutSlash(target.href)}/traces/` : `${withoutSlash(jaeger)}/trace/`;
}

function readJaegerUrl(): string | undefined {
  try {
    return readSettings({ JAEGER_UI_URL: url }).JAEGER_UI_URL;
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}

/** Returns the address of Jaeger that the service shows to people, if it is a Waymark that has one. */
async function askService(target: URL): Promise<string | undefined> {
  try {
    const answer = await fetch(`${withoutSlash(target.href)}/console/settings`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { jaegerUiUrl } = settingsSchema.parse(await answer.json());
    return z.url({ protocol: /^https?$/ }).safeParse(jaegerUiUrl).data;
  } catch {
    return undefined;
  }
}

function withoutSlash(address: string): string {
  return address.replace(/\/$/, '');
}
