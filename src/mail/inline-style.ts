import type { Token } from 'parse5';
import { isSameColor, MAX_VALUE_LENGTH, readColor, TRANSPARENT } from './colors.ts';

/** The properties that decide whether a reader sees the text of an element. Each is inherited by its own rule. */
export interface Visibility {
  /** False in an element with `display: none`, no opacity or no height. No descendant can change it. */
  readonly isDisplayed: boolean;
  /** False with `visibility: hidden`. A descendant can be visible again. */
  readonly isVisible: boolean;
  /** False with `font-size: 0`. A descendant can have a size of its own, but a size relative to 0 is 0. */
  readonly hasSize: boolean;
  /** The colour of the text as `readColor` returns it, or `undefined` if it is not known. */
  readonly color: string | undefined;
  /** The colour behind the text, or `undefined` if it is not known, as with a picture. */
  readonly background: string | undefined;
}

/** The visibility outside of all elements. */
export const INITIAL_VISIBILITY: Visibility = {
  isDisplayed: true,
  isVisible: true,
  hasSize: true,
  color: '#000000',
  background: '#ffffff',
};

const INHERITING_KEYWORDS = new Set(['inherit', 'unset', 'smaller', 'larger']);
const RELATIVE_UNIT = /(?:%|em|ex|ch)$/;
/** Attributes that select a rule of a style sheet. Style sheets are not read, so the colours are not known then. */
const SELECTING_ATTRIBUTES = new Set(['class', 'id']);

/** Returns whether a reader sees text of this visibility. */
export function isShown({ isDisplayed, isVisible, hasSize, color, background }: Visibility): boolean {
  return isDisplayed && isVisible && hasSize && !isSameColor(color, background);
}

/**
 * Returns the visibility of an element, from its parent's visibility and from its own attributes: `hidden`, `style`,
 * and the old `color`, `bgcolor`, `background` and `size`.
 */
export function visibilityOf(attributes: readonly Token.Attribute[], parent: Visibility): Visibility {
  if (attributes.length === 0) return parent;
  const attribute = (wanted: string) => attributes.find(({ name }) => name === wanted)?.value;
  const style = attribute('style');
  const isHidden = attributes.some(({ name }) => name === 'hidden');
  const declared = readDeclarations(style ?? '');
  const display = declared.get('display');
  const visibility = declared.get('visibility');
  const fontSize = declared.get('font-size') ?? sizeInShorthand(declared.get('font'));
  const isSelected = attributes.some(({ name }) => SELECTING_ATTRIBUTES.has(name));
  const color = declared.get('color') ?? attribute('color') ?? attribute('text');
  const hasPicture = attribute('background') !== undefined || declared.has('background-image');
  const background = declared.get('background-color') ?? declared.get('background') ?? attribute('bgcolor');
  return {
    // An explicit `display` overrides the attribute `hidden`.
    isDisplayed:
      parent.isDisplayed &&
      (display === undefined ? !isHidden : display !== 'none') &&
      Number.parseFloat(declared.get('opacity') ?? '1') !== 0 &&
      !isCollapsed(declared),
    isVisible:
      visibility === undefined || INHERITING_KEYWORDS.has(visibility)
        ? parent.isVisible
        : visibility !== 'hidden' && visibility !== 'collapse',
    hasSize: fontSize === undefined ? parent.hasSize : hasSize(fontSize, parent),
    color: inheritColor(color, parent.color, isSelected),
    background: hasPicture ? undefined : inheritBackground(background, parent.background, isSelected),
  };
}

function inheritColor(
  declared: string | undefined,
  inherited: string | undefined,
  isSelected: boolean,
): string | undefined {
  if (declared === undefined) return isSelected ? undefined : inherited;
  return INHERITING_KEYWORDS.has(declared) ? inherited : readColor(declared);
}

/** Returns the background of an element. The one of the parent shows through a transparent one. */
function inheritBackground(
  declared: string | undefined,
  inherited: string | undefined,
  isSelected: boolean,
): string | undefined {
  const color = declared === 'none' ? TRANSPARENT : inheritColor(declared, inherited, isSelected);
  return color === TRANSPARENT ? inherited : color;
}

/** Returns whether the content is cut off completely: no height or width, and no overflow. */
function isCollapsed(declared: ReadonlyMap<string, string>): boolean {
  if (declared.get('overflow') !== 'hidden') return false;
  return ['height', 'max-height', 'width', 'max-width'].some(
    (property) => Number.parseFloat(declared.get(property) ?? '1') === 0,
  );
}

/**
 * Returns the values of a `style` attribute by property, in lower case. `!important` precedes the order of
 * declarations.
 */
function readDeclarations(style: string): Map<string, string> {
  const values = new Map<string, string>();
  if (style === '') return values;
  const important = new Set<string>();
  for (const declaration of withoutComments(style.toLowerCase()).split(';')) {
    const colon = declaration.indexOf(':');
    const property = declaration.slice(0, colon).trim();
    const [value = '', priority] = declaration.slice(colon + 1).split('!', 2);
    if (colon === -1 || (priority === undefined && important.has(property))) continue;
    if (priority !== undefined) important.add(property);
    values.set(property, value.trim());
  }
  return values;
}

/** Removes comments in linear time, also if one has no end. */
function withoutComments(style: string): string {
  const [first = '', ...others] = style.split('/*');
  return first + others.map((part) => (part.includes('*/') ? part.slice(part.indexOf('*/') + 2) : '')).join(' ');
}

/** Returns the size of a `font` shorthand, such as `bold 0px/1 Arial`. */
function sizeInShorthand(font: string | undefined): string | undefined {
  const words = font?.slice(0, MAX_VALUE_LENGTH).split(/[\s/]+/);
  return words?.find((word) => /^[\d.]+(?:[a-z]{2,4}|%)$|^0$/.test(word));
}

function hasSize(fontSize: string, parent: Visibility): boolean {
  const size = Number.parseFloat(fontSize);
  if (Number.isNaN(size)) return INHERITING_KEYWORDS.has(fontSize) ? parent.hasSize : true;
  return size > 0 && (parent.hasSize || !RELATIVE_UNIT.test(fontSize));
}
