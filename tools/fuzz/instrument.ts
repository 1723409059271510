import { parseSync } from 'oxc-parser';

/** The name of the counters in the instrumented code, and of the global variable that holds them. */
export const COUNTERS = '__fuzzCounters';

/** The maximum length of a word that the fuzzer inserts. */
const MAX_WORD_LENGTH = 40;

/** Instrumented code. */
export interface Instrumented {
  readonly code: string;
  readonly counters: number;
  readonly words: string[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Text that is inserted. At one place, ends of inner nodes come first, then starts of outer ones. */
interface Insertion {
  readonly at: number;
  readonly text: string;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/**
 * Adds a counter to every branch of the code of a module: blocks, cases, arms of conditional and logical expressions, and
 * bodies of arrow functions. Also collects the strings of the code that was written here or reads mail.
 */
export function instrument(code: string): Instrumented {
  const starts: Insertion[] = [];
  const ends: Insertion[] = [];
  const words = new Set<string>();
  const isOwnCode = ownRegions(code);
  let counters = 0;

  const count = () => `${COUNTERS}[${counters++}]++`;
  const insert = (at: number) => void starts.push({ at, text: `${count()};` });

  /** Wraps a node, visits it, and closes the wrapping. */
  function wrap(node: Node, opening: string, closing: string): void {
    starts.push({ at: node.start, text: opening });
    visit(node);
    ends.push({ at: node.end, text: closing });
  }

  function visitExpression(node: unknown): void {
    if (isNode(node)) wrap(node, `(${count()},`, ')');
  }

  function visitStatement(node: unknown): void {
    if (!isNode(node)) return;
    if (node.type === 'BlockStatement') visit(node);
    else wrap(node, `{${count()};`, '}');
  }

  function visitFields(node: Node, counted: Readonly<Record<string, (field: unknown) => void>> = {}): void {
    for (const [name, value] of Object.entries(node)) {
      if (Array.isArray(value)) for (const item of value) if (isNode(item)) visit(item);
      if (isNode(value)) (counted[name] ?? visit)(value as Node & unknown);
    }
  }

  function visit(node: Node): void {
    if (node.type === 'Literal' && typeof node['value'] === 'string' && isOwnCode(node.start)) {
      const { length } = node['value'];
      if (length > 0 && length <= MAX_WORD_LENGTH) words.add(node['value']);
    }
    if (node.type === 'BlockStatement') insert(node.start + 1);
    if (node.type === 'SwitchCase' && isNode((node['consequent'] as unknown[])[0])) {
      insert((node['consequent'] as Node[])[0]!.start);
    }
    if (node.type === 'IfStatement') visitFields(node, { consequent: visitStatement, alternate: visitStatement });
    else if (/^(?:For|ForIn|ForOf|While|DoWhile)Statement$/.test(node.type))
      visitFields(node, { body: visitStatement });
    else if (node.type === 'ConditionalExpression') {
      visitFields(node, { consequent: visitExpression, alternate: visitExpression });
    } else if (node.type === 'LogicalExpression') visitFields(node, { right: visitExpression });
    else if (node.type === 'ArrowFunctionExpression' && (node['body'] as Node).type !== 'BlockStatement') {
      visitFields(node, { body: visitExpression });
    } else visitFields(node);
  }

  visit(parseSync('target.mjs', code).program as unknown as Node);
  const header = `const ${COUNTERS} = globalThis.${COUNTERS};\n`;
  return { code: header + applyInsertions(code, starts, ends), counters, words: [...words] };
}

/** Returns a function that tells whether a place is in a module of `src`, or in the parser of mails. */
function ownRegions(code: string): (at: number) => boolean {
  const regions = [...code.matchAll(/^\/\/#region (.*)$/gm)].map(({ index, 1: path = '' }) => ({
    index,
    isOwn: path.startsWith('src/') || path.includes('/postal-mime/'),
  }));
  return (at) => regions.findLast(({ index }) => index <= at)?.isOwn ?? false;
}

function applyInsertions(code: string, starts: readonly Insertion[], ends: readonly Insertion[]): string {
  const inOrder = [...ends.map((end) => ({ ...end, rank: 0 })), ...starts.map((start) => ({ ...start, rank: 1 }))];
  // The sort is stable: at one place the ends keep the order of their nodes from inside out, the starts from outside in.
  inOrder.sort((a, b) => a.at - b.at || a.rank - b.rank);
  const pieces: string[] = [];
  let last = 0;
  for (const { at, text } of inOrder) {
    pieces.push(code.slice(last, at), text);
    last = at;
  }
  return pieces.join('') + code.slice(last);
}
