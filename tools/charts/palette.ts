/** Line colours for light and dark backgrounds: Okabe and Ito's palette, safe for every kind of colour vision. */
const LINE_COLOUR_PAIRS = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#ff9f4a'],
  ['#009e73', '#2fd3a2'],
  ['#cc79a7', '#e9a3c9'],
  ['#8a6d00', '#f0e442'],
  ['#5b5b5b', '#b5b5b5'],
] as const;

/** Other colours, each for light and dark backgrounds. */
const inkPairs = {
  text: ['#1f2328', '#e6edf3'],
  faint: ['#59636e', '#9198a1'],
  rule: ['#8c959f', '#656c76'],
  grid: ['#e4e8ec', '#2a313a'],
  limit: ['#cf222e', '#ff7b72'],
} as const;

/** The light line colours. `themed` adds the dark ones. */
export const LINE_COLOURS: string[] = LINE_COLOUR_PAIRS.map(([light]) => light);
/** The light colours of everything else. `themed` adds the dark ones. */
export const inkColours = {
  text: inkPairs.text[0],
  faint: inkPairs.faint[0],
  rule: inkPairs.rule[0],
  grid: inkPairs.grid[0],
  limit: inkPairs.limit[0],
} as const;

/** All pairs of colours, each for light and dark backgrounds. */
export const COLOUR_PAIRS = [...LINE_COLOUR_PAIRS, ...Object.values(inkPairs)];
