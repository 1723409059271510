/**
 * Returns the exponent with which a figure grows: the slope of the least-squares line through the logarithms of both. 0 is
 * constant, 1 is proportional. Points with a value of 0 or less have no logarithm and are left out.
 *
 * @returns `undefined` with fewer than two different points
 */
export function exponentOf(points: readonly (readonly [size: number, figure: number])[]): number | undefined {
  const logs = points
    .filter(([size, figure]) => size > 0 && figure > 0)
    .map(([size, figure]) => [Math.log(size), Math.log(figure)] as const);
  const meanX = logs.reduce((sum, [x]) => sum + x, 0) / logs.length;
  const meanY = logs.reduce((sum, [, y]) => sum + y, 0) / logs.length;
  const variance = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (!(variance > 0)) return undefined;
  return logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / variance;
}
