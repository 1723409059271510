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

/** The documentation of one route. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** The path in the notation of OpenAPI, such as `/models/{name}`. */
  readonly path: string;
  /** The name of the function in generated clients. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly request?: {
    /** The schema that validates the body. */
    readonly schema: z.ZodType;
    readonly examples: Readonly<Record<string, unknown>>;
    readonly optional?: true;
    /** Set if binary data can replace or follow the JSON. */
    readonly binary?: true;
  };
  readonly response: {
    readonly status?: number;
    readonly description: string;
    /** The schema of the JSON. */
    readonly schema?: z.ZodType;
    readonly example?: unknown;
    /** The content type of an answer that is not JSON, instead of the JSON or beside it. */
    readonly type?: string;
    readonly binary?: true;
  };
  /** The problems of this route. Problems of every route are not listed. */
  readonly problems: readonly ProblemType[];
}

/** The `{name}` in a path. */
export const modelName: Parameter = {
  name: 'name',
  in: 'path',
  description: 'The name of the model',
  schema: z.string(),
  example: 'spam',
};

/** The problems of every route with a body. */
export const BODY_PROBLEMS = [
  'malformed-json',
  'request-aborted',
  'body-too-large',
  'unsupported-media-type',
  'invalid-request',
] as const satisfies readonly ProblemType[];

/** The problems of predictions with a model behind an endpoint. */
export const ENDPOINT_PROBLEMS = [
  'endpoint-failed',
  'endpoint-unavailable',
  'endpoint-timeout',
] as const satisfies readonly ProblemType[];

/** Schemas by their names in the document. The document contains each once, and references to it. */
export type NamedSchemas = Readonly<Record<string, z.ZodType>>;
