import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { schemaFile, schemasOf } from '../../../tools/deploy/strict-schema.ts';

const definition = {
  spec: {
    group: 'monitoring.example.com',
    names: { kind: 'PodMonitor' },
    versions: [
      {
        name: 'v1',
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              metadata: { type: 'object' },
              spec: {
                type: 'object',
                properties: {
                  port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
                  free: { type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true },
                  labels: { type: 'object', additionalProperties: { type: 'string' } },
                  list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
                },
              },
            },
          },
        },
      },
    ],
  },
};

const [named] = schemasOf(definition);
const validate = new Ajv({ strict: false }).compile(named!.schema as object);

test.each([
  [{ metadata: { name: 'a' }, spec: { port: 1, labels: { a: 'b' }, free: { b: 1 }, list: [{ a: 'b' }] } }, true],
  [{ spec: { port: 'http' } }, true],
  [{ spec: { port: [] } }, false],
  [{ spec: { ports: 1 } }, false],
  [{ spec: { list: [{ b: 'c' }] } }, false],
  [{ specification: {} }, false],
])('%j is valid: %s', (object, isValid) => {
  expect(validate(object)).toBe(isValid);
});

test('the name of a file is the one that kubeconform asks for', () => {
  expect(named?.file).toBe('podmonitor-monitoring-v1.json');
  expect(schemaFile('NetworkPolicy', 'networking.k8s.io/v1')).toBe('networkpolicy-networking-v1.json');
  expect(schemaFile('Service', 'v1')).toBe('service-v1.json');
});
