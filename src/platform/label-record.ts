import { z } from 'zod';

/**
 * Creates the schema of a JSON object whose keys are labels. `z.record` drops the key "__proto__", which is a label like any
 * other: `JSON.parse` makes a property of it.
 */
export function labelRecord<V extends z.ZodType>(value: V): z.ZodType<Record<string, z.infer<V>>> {
  const { $schema: _, ...valueSchema } = z.toJSONSchema(value);
  const schema = z
    .unknown()
    .superRefine((input, context) => {
      if (typeof input !== 'object' || input === null || Array.isArray(input)) {
        context.addIssue({ code: 'custom', message: 'must be an object' });
        return;
      }
      for (const [key, entry] of Object.entries(input)) {
        const parsed = value.safeParse(entry);
        for (const issue of parsed.error?.issues ?? []) {
          context.addIssue({ code: 'custom', message: issue.message, path: [key, ...issue.path] });
        }
      }
    })
    .meta({ type: 'object', additionalProperties: valueSchema });
  return schema as z.ZodType<Record<string, z.infer<V>>>;
}
