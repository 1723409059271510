import { hash, timingSafeEqual } from 'node:crypto';
import { type Config, ConfigError } from '../../platform/config.ts';
import { fileVersion, followFiles } from '../../platform/regular-file.ts';
import { exceptionAttributes, type Log } from '../../telemetry/logs/log.ts';
import { type Caller, SCOPES } from '../server/caller.ts';
import type { TokenStore } from '../server/service.ts';
import { createQuota } from './quota.ts';
import { readTokenFile, type StoredToken } from './token-file.ts';

/** The number of tokens whose digests are remembered. */
const MAX_REMEMBERED = 1_024;

interface KnownToken extends Caller {
  readonly digest: Buffer;
  /** The time in milliseconds since the epoch at which the token expires. */
  readonly expires?: number | undefined;
}

/** The tokens by their digests as hexadecimal digits. */
type KnownTokens = ReadonlyMap<string, KnownToken>;

/**
 * Opens the tokens of `API_TOKENS` and `API_TOKENS_FILE`, and follows the file. A file that cannot be used while the service
 * runs is logged, and the former tokens stay. Returns `undefined` if neither setting is set.
 *
 * @throws {ConfigError} if the file cannot be used at the start
 */
export async function openTokenStore(
  { API_TOKENS, API_TOKENS_FILE }: Pick<Config, 'API_TOKENS' | 'API_TOKENS_FILE'>,
  log: Log,
): Promise<TokenStore | undefined> {
  if (API_TOKENS === undefined && API_TOKENS_FILE === undefined) return undefined;
  const fixed = new Map((API_TOKENS ?? []).map((token) => fixedToken(token)));
  let tokens: KnownTokens = fixed;
  // A digest for each request would take 1 % of the CPU time of a prediction. Only tokens that are valid are remembered.
  const remembered = new Map<string, KnownToken>();
  let stop = () => {};

  if (API_TOKENS_FILE !== undefined) {
    const path = API_TOKENS_FILE;
    const version = await fileVersion(path);
    const load = async () => {
      tokens = new Map([...storedTokens(await readTokenFile(path), tokens), ...fixed]);
      remembered.clear();
    };
    try {
      await load();
    } catch (error) {
      const value = JSON.stringify(path);
      throw new ConfigError(
        `API_TOKENS_FILE: ${value} cannot be used: ${(error as Error).message}; allowed: a file of tokens`,
      );
    }
    stop = followFiles([path], [version], async () => {
      try {
        await load();
        log.info('tokens loaded');
      } catch (error) {
        log.error('tokens not loaded', exceptionAttributes(error));
      }
    });
  }

  return {
    find(token) {
      let known = remembered.get(token);
      if (known === undefined) {
        known = findByDigest(tokens, token);
        if (known === undefined) return undefined;
        if (remembered.size >= MAX_REMEMBERED) remembered.clear();
        remembered.set(token, known);
      }
      return known.expires !== undefined && known.expires <= Date.now() ? undefined : known;
    },
    close: () => stop(),
  };
}

/** Returns the token with the digest of a sent one, or `undefined` if there is none. */
function findByDigest(tokens: KnownTokens, token: string): KnownToken | undefined {
  const digits = hash('sha256', token);
  const known = tokens.get(digits);
  // The look-up compares digests, and a caller cannot choose a part of a digest. The comparison of the found one takes constant time.
  return known !== undefined && isDigest(known.digest, digits) ? known : undefined;
}

/** The digest that is compared. One buffer for all saves the memory of one for each request. */
const sent = Buffer.alloc(32);

function isDigest(digest: Buffer, digits: string): boolean {
  sent.write(digits, 'hex');
  return timingSafeEqual(digest, sent);
}

/** Returns a token of `API_TOKENS` under its digest. It has every scope, and the beginning of its digest as its name. */
function fixedToken(token: string): [string, KnownToken] {
  const digits = hash('sha256', token);
  const name = `api token ${digits.slice(0, 8)}`;
  return [digits, { name, digest: Buffer.from(digits, 'hex'), scopes: new Set(SCOPES), answers: 'scores' }];
}

/** Returns the tokens of the file under their digests. A quota that is unchanged keeps its level. */
function storedTokens(stored: readonly StoredToken[], former: KnownTokens): [string, KnownToken][] {
  return stored.map((token) => {
    const { name, sha256, scopes, models, expires, answers, requestsPerSecond, charactersPerSecond } = token;
    const before = former.get(sha256);
    return [
      sha256,
      {
        name,
        digest: Buffer.from(sha256, 'hex'),
        scopes: new Set(scopes),
        models: models && new Set(models),
        expires,
        answers,
        requests: quotaOf('requests', requestsPerSecond, before?.requests),
        characters: quotaOf('characters', charactersPerSecond, before?.characters),
      },
    ];
  });
}

function quotaOf(name: 'requests' | 'characters', perSecond: number | undefined, former: Caller['requests']) {
  if (perSecond === undefined) return undefined;
  return former?.perSecond === perSecond ? former : createQuota(name, perSecond);
}
