import { parseTokenFile, TokenFileError } from '../../../src/http/access/token-file.ts';

/** Reads a file of tokens. */
export function fuzz(data: Buffer): void {
  try {
    const tokens = parseTokenFile(data.toString());
    if (new Set(tokens.map(({ sha256 }) => sha256)).size !== tokens.length) throw new Error('a token occurs twice');
    if (tokens.some(({ sha256 }) => !/^[0-9a-f]{64}$/.test(sha256))) throw new Error('a digest was not checked');
  } catch (error) {
    if (!(error instanceof TokenFileError)) throw error;
  }
}
