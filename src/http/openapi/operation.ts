import { z } from 'zod';
import type { ProblemType } from '../../platform/problems.ts';

/** A query, path or header parameter. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly schema: z.ZodType;
  readonly example?: unknown;
}

/** What one route takes and gives, in the words of its documentation. */
export interface Operation {
  readonly method: 'get' | 'post' | 'delete';
  /** As OpenAPI writes it: `/models/{name}`. */
  readonly path: string;
  /** The name of a function that a generated client would have for it. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly request?: {
    /** The schema that checks the body; `binary` says that bytes may stand in its place or behind it. */
    readonly schema: z.ZodType;
    readonly examples: Readonly<Record<string, unknown>>;
    readonly optional?: true;
    readonly binary?: true;
  };
  readonly response: {
    readonly status?: number;
    readonly description: string;
    /** Of JSON; where there is none, `type` says what else comes. */
    readonly schema?: z.ZodType;
    readonly example?: unknown;
    readonly type?: string;
    readonly binary?: true;
  };
  /** What can go wrong besides what can at every route. */
  readonly problems: readonly ProblemType[];
}

/** The `{name}` of a path. */
export const modelName: Parameter = {
  name: 'name',
  in: 'path',
  description: "The model's name",
  schema: z.string(),
  example: 'spam',
};

/** What can be wrong with any body. */
export const bodyProblems = [
  'malformed-json',
  'request-aborted',
  'body-too-large',
  'unsupported-media-type',
  'invalid-request',
] as const satisfies readonly ProblemType[];

/** Names in the schema section of the document; a schema that has one is referred to wherever it is used. */
export type NamedSchemas = Readonly<Record<string, z.ZodType>>;
