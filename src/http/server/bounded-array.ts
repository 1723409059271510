import { z } from 'zod';
import type { ProblemType } from '../../platform/problems.ts';

/** The bounds of an array in a body. */
export interface ArrayBounds {
  readonly max: number;
  /** The end of a sentence about a longer array, without a full stop. The default names the maximum. */
  readonly tooLong?: (length: number) => string;
  /** The type of the problem of a longer array. The default is `invalid-request`. */
  readonly problem?: ProblemType;
}

/**
 * Returns the schema of an array that is too long or has valid elements. The length is checked first: to check each of
 * 500,000 elements, and to describe each fault, takes seconds and a gigabyte.
 *
 * @param message the end of a sentence about a value that is not an array
 */
export function boundedArray<Item extends z.ZodType>(item: Item, message: string, bounds: ArrayBounds) {
  const { max, tooLong = () => `must hold at most ${max} elements`, problem } = bounds;
  const { $schema, ...items } = z.toJSONSchema(item, { io: 'input' });
  return z
    .array(z.unknown(), message)
    .refine((array) => array.length <= max, {
      abort: true,
      error: ({ input }) => tooLong((input as unknown[]).length),
      ...(problem && { params: { problem } }),
    })
    .pipe(z.array(item))
    .meta({ items, maxItems: max });
}
