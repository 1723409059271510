import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const SOURCE = join(import.meta.dirname, '../src/console');

/** The style sheets, in their order. */
const STYLES = ['tokens', 'base', 'layout', 'parts', 'charts', 'pages'];

/** Bundles the console. Returns the content of its files by their names. */
export async function bundleConsole(): Promise<Map<string, string>> {
  return new Map([
    ['console.css', await bundleStyles()],
    ['console.js', await bundleScript()],
    ['icon.svg', await readFile(join(SOURCE, 'icon.svg'), 'utf8')],
    ['index.html', await readFile(join(SOURCE, 'index.html'), 'utf8')],
  ]);
}

async function bundleScript(): Promise<string> {
  const bundle = await rolldown({
    input: join(SOURCE, 'main.ts'),
    platform: 'browser',
    logLevel: 'warn',
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    tsconfig: join(SOURCE, 'tsconfig.json'),
  });
  try {
    const { output } = await bundle.generate({ format: 'es', minify: true, comments: false });
    if (output.length !== 1) throw new Error(`The console has ${output.length} scripts, not one.`);
    return output[0].code;
  } finally {
    await bundle.close();
  }
}

/** Joins the style sheets, without comments and needless white space. */
async function bundleStyles(): Promise<string> {
  const sheets = await Promise.all(STYLES.map((name) => readFile(join(SOURCE, 'styles', `${name}.css`), 'utf8')));
  const joined = sheets.join('');
  return `${joined
    .replaceAll(/\/\*.*?\*\//gs, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([{};,]) ?/g, '$1')
    .replaceAll(/: /g, ':')
    .replaceAll(';}', '}')
    .trim()}\n`;
}
