import type { Token } from 'parse5';

/** The properties that decide whether a reader sees the text of an element. Each is inherited by its own rule. */
export interface Visibility {
  /** False in an element with `display: none`. No descendant can change it. */
  readonly isDisplayed: boolean;
  /** False with `visibility: hidden`. A descendant can be visible again. */
  readonly isVisible: boolean;
  /** False with `font-size: 0`. A descendant can have a size of its own, but a size relative to 0 is 0. */
  readonly hasSize: boolean;
}

/** The visibility outside of all elements. */
export const INITIAL_VISIBILITY: Visibility = { isDisplayed: true, isVisible: true, hasSize: true };

const INHERITING_KEYWORDS = new Set(['inherit', 'unset', 'smaller', 'larger']);
const RELATIVE_UNIT = /(?:%|em|ex|ch)$/;

/** Returns the visibility of an element, from its attributes `hidden` and `style` and from its parent's visibility. */
export function visibilityOf(attributes: readonly Token.Attribute[], parent: Visibility): Visibility {
  const style = attributes.find(({ name }) => name === 'style')?.value;
  const isHidden = attributes.some(({ name }) => name === 'hidden');
  if (style === undefined && !isHidden) return parent;
  const declared = readDeclarations(style ?? '');
  const display = declared.get('display');
  const visibility = declared.get('visibility');
  const fontSize = declared.get('font-size');
  return {
    // An explicit `display` overrides the attribute `hidden`.
    isDisplayed: parent.isDisplayed && (display === undefined ? !isHidden : display !== 'none'),
    isVisible:
      visibility === undefined || INHERITING_KEYWORDS.has(visibility)
        ? parent.isVisible
        : visibility !== 'hidden' && visibility !== 'collapse',
    hasSize: fontSize === undefined ? parent.hasSize : hasSize(fontSize, parent),
  };
}

/**
 * Returns the values of a `style` attribute by property, in lower case. `!important` precedes the order of
 * declarations.
 */
function readDeclarations(style: string): Map<string, string> {
  const values = new Map<string, string>();
  const important = new Set<string>();
  for (const declaration of style.toLowerCase().split(';')) {
    const colon = declaration.indexOf(':');
    const property = declaration.slice(0, colon).trim();
    const [value = '', priority] = declaration.slice(colon + 1).split('!', 2);
    if (colon === -1 || (priority === undefined && important.has(property))) continue;
    if (priority !== undefined) important.add(property);
    values.set(property, value.trim());
  }
  return values;
}

function hasSize(fontSize: string, parent: Visibility): boolean {
  const size = Number.parseFloat(fontSize);
  if (Number.isNaN(size)) return INHERITING_KEYWORDS.has(fontSize) ? parent.hasSize : true;
  return size > 0 && (parent.hasSize || !RELATIVE_UNIT.test(fontSize));
}
