import { type Token, Tokenizer, TokenizerMode } from 'parse5';
import { INITIAL_VISIBILITY, isShown, type Visibility, visibilityOf } from './inline-style.ts';

/** The text of an HTML document. */
export interface HtmlText {
  /** The text that a reader sees, with one line for each block. */
  readonly text: string;
  /** The share of the characters, from 0 to 1, that is hidden from the reader. White space does not count. */
  readonly hiddenShare: number;
  /** False if the reading stopped at a limit. */
  readonly isComplete: boolean;
}

/** Limits of `readHtml`. */
export interface HtmlLimits {
  /** The reading stops after this number of characters of text. The text can be longer by one chunk. */
  readonly maxCharacters?: number;
  /** The reading stops at this time of `performance.now()`. */
  readonly deadline?: number;
}

/** The number of characters between two checks of the limits. */
const CHUNK_LENGTH = 65_536;

/** An open element, with the visibility of its text. */
interface OpenElement {
  readonly name: string;
  readonly visibility: Visibility;
  /** True if the content is not text, as in a script. */
  readonly isCode: boolean;
}

const VOID_ELEMENTS = names('area base br col embed hr img input link meta param source track wbr');

/** Elements that begin and end a line. */
const BLOCK_ELEMENTS = names(`
  address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure footer
  form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol option p pre section summary table tbody td textarea
  tfoot th thead tr ul`);

/**
 * Elements whose content a browser does not show. `head` is not one of them: a browser moves text that stands directly
 * in `head` to the body.
 */
const UNRENDERED_ELEMENTS = names('iframe noembed noframes noscript script style template title');

/** Unrendered elements whose content a sender uses as text for filters. The others contain code or a title. */
const HIDING_ELEMENTS = names('noembed noframes noscript template');

/** Elements whose content is text, and the state in which the tokeniser reads it (HTML standard, 13.4). */
const CONTENT_MODES = new Map([
  ...[...names('iframe noembed noframes noscript style xmp')].map((name) => [name, TokenizerMode.RAWTEXT] as const),
  ...[...names('textarea title')].map((name) => [name, TokenizerMode.RCDATA] as const),
  ['script', TokenizerMode.SCRIPT_DATA],
  ['plaintext', TokenizerMode.PLAINTEXT],
]);

/**
 * Start tags that end an open element, but not beyond the elements `within` (HTML standard, 13.1.2.4 "Optional tags").
 */
const IMPLIED_ENDS = [
  { start: BLOCK_ELEMENTS, ends: names('p'), within: names('button caption table td th') },
  { start: names('li'), ends: names('li'), within: names('menu ol table ul') },
  { start: names('dd dt'), ends: names('dd dt'), within: names('dl table') },
  { start: names('option'), ends: names('option'), within: names('datalist select') },
  { start: names('td th'), ends: names('td th'), within: names('table') },
  { start: names('tr'), ends: names('tr'), within: names('table') },
  { start: names('tbody tfoot thead'), ends: names('tbody tfoot thead'), within: names('table') },
  { start: names('a'), ends: names('a'), within: names('table td th') },
];

/** Returns the text that the reader of an HTML mail sees, as `readHtml` does. */
export function htmlToText(html: string): string {
  return readHtml(html).text;
}

/**
 * Reads the text that the reader of an HTML mail sees. It omits text that the attribute `hidden` hides, or the attribute
 * `style` (see `visibilityOf`), or a colour that is the one of the background. It does not read style sheets.
 *
 * The function accepts any input and takes time linear in its length. The tokens are those of the HTML standard. Start
 * and end tags are matched by simpler rules, because the tree of the standard takes quadratic time and memory for some
 * inputs (14 s and 1.2 GB for 29 KB). In doubt the rules show text: words that a reader sees must not be missing.
 */
export function readHtml(
  html: string,
  { maxCharacters = Number.POSITIVE_INFINITY, deadline = Number.POSITIVE_INFINITY }: HtmlLimits = {},
): HtmlText {
  const open: OpenElement[] = [];
  /** The positions in `open` by element name. With it the time of a search does not depend on the depth. */
  const positions = new Map<string, number[]>();
  const lines: string[] = [];
  let line = '';
  let shownCharacters = 0;
  let hiddenCharacters = 0;

  const visibility = () => open.at(-1)?.visibility ?? INITIAL_VISIBILITY;

  function endLine(): void {
    // The tokeniser writes U+FFFD for a reference to a character that does not exist.
    const text = line.replace(/[\s\uFFFD]+/g, ' ').trim();
    if (text !== '') lines.push(text);
    line = '';
  }

  function addText({ chars }: Token.CharacterToken): void {
    if (isShown(visibility())) {
      shownCharacters += chars.length;
      line += chars;
    } else if (!open.at(-1)!.isCode) hiddenCharacters += chars.length;
  }

  /** Adds one blank for white space of any length: a mail of blank lines must not become a long string of its own. */
  function addWhitespace(): void {
    if (isShown(visibility()) && line !== '' && !line.endsWith(' ')) line += ' ';
  }

  function nearest(names: Iterable<string>): number {
    let position = -1;
    for (const name of names) position = Math.max(position, positions.get(name)?.at(-1) ?? -1);
    return position;
  }

  function closeFrom(position: number): void {
    for (const { name, visibility } of open.splice(position)) {
      positions.get(name)?.pop();
      if (BLOCK_ELEMENTS.has(name) && visibility.isDisplayed) endLine();
    }
  }

  function startElement({ tagName: name, attrs }: Token.TagToken): void {
    for (const { start, ends, within } of IMPLIED_ENDS) {
      if (!start.has(name)) continue;
      const position = nearest(ends);
      if (position !== -1 && position > nearest(within)) closeFrom(position);
    }
    const shown = visibilityOf(attrs, visibility());
    if (BLOCK_ELEMENTS.has(name) && shown.isDisplayed) endLine();
    if (VOID_ELEMENTS.has(name)) return;
    if (!positions.has(name)) positions.set(name, []);
    positions.get(name)?.push(open.length);
    const isRendered = !UNRENDERED_ELEMENTS.has(name);
    const isCode = open.at(-1)?.isCode === true || (!isRendered && !HIDING_ELEMENTS.has(name));
    open.push({ name, visibility: isRendered ? shown : { ...shown, isDisplayed: false }, isCode });
    tokenizer.state = CONTENT_MODES.get(name) ?? tokenizer.state;
  }

  function endElement({ tagName: name }: Token.TagToken): void {
    const position = nearest([name]);
    if (position !== -1) closeFrom(position);
    else if (BLOCK_ELEMENTS.has(name) && visibility().isDisplayed) endLine();
  }

  const ignore = () => undefined;
  const tokenizer = new Tokenizer(
    { sourceCodeLocationInfo: false },
    {
      onStartTag: startElement,
      onEndTag: endElement,
      onCharacter: addText,
      onWhitespaceCharacter: addWhitespace,
      onNullCharacter: ignore,
      onComment: ignore,
      onDoctype: ignore,
      onEof: ignore,
    },
  );
  let at = 0;
  do {
    const end = Math.min(at + CHUNK_LENGTH, html.length);
    tokenizer.write(html.slice(at, end), end === html.length);
    at = end;
  } while (at < html.length && shownCharacters <= maxCharacters && performance.now() < deadline);
  endLine();
  const total = shownCharacters + hiddenCharacters;
  return {
    text: lines.join('\n'),
    hiddenShare: total === 0 ? 0 : hiddenCharacters / total,
    isComplete: at >= html.length,
  };
}

function names(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
