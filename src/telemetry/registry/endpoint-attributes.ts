import { GEN_AI } from '../gen-ai-names.ts';
import { ENDPOINT_ATTRIBUTE } from '../remote-names.ts';

/** The definition of an attribute of spans and log records. */
export interface AttributeDefinition {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'string[]';
  readonly unit?: string;
  readonly description: string;
}

/** The definitions of the attributes that only requests to endpoints have. */
export const ENDPOINT_ATTRIBUTES: readonly AttributeDefinition[] = [
  { name: ENDPOINT_ATTRIBUTE.url, type: 'string', description: 'The address of the endpoint, from the manifest' },
  { name: ENDPOINT_ATTRIBUTE.serverAddress, type: 'string', description: 'The host of the endpoint' },
  { name: ENDPOINT_ATTRIBUTE.serverPort, type: 'integer', description: 'The port of the endpoint' },
  {
    name: ENDPOINT_ATTRIBUTE.resendCount,
    type: 'integer',
    description: 'The number of earlier requests for the same text; missing for the first',
  },
  { name: GEN_AI.operationName, type: 'string', description: '`chat`' },
  { name: GEN_AI.providerName, type: 'string', description: 'The form of the API: `openai`' },
  { name: GEN_AI.requestModel, type: 'string', description: 'The language model, as the manifest names it' },
  {
    name: GEN_AI.inputTokens,
    type: 'integer',
    unit: '{token}',
    description: 'The tokens that the language model read',
  },
  {
    name: GEN_AI.outputTokens,
    type: 'integer',
    unit: '{token}',
    description: 'The tokens that the language model wrote',
  },
];
