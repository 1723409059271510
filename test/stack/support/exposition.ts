/** A sample of a metrics page. */
export interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Parses the samples of a page in Prometheus's text format. */
export function parseExposition(text: string): Series[] {
  return text
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value] = SAMPLE.exec(line) ?? [];
      if (!name) throw new Error(`Not a sample: ${line}`);
      return {
        name,
        labels: Object.fromEntries(
          [...labels.matchAll(LABEL)].map(([, key = '', written = '']) => [key, unquote(written)]),
        ),
        value: Number(value),
      };
    });
}

function unquote(written: string): string {
  return written.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
