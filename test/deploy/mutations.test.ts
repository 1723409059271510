import { beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { type Checkers, installCheckers } from '../../tools/deploy/install.ts';
import { type Manifest, manifestsOf, renderProfile, toFile } from './support/profiles.ts';
import { policyFailures } from './support/run-checker.ts';

const fields = z.record(z.string(), z.unknown());
type Fields = z.infer<typeof fields>;

/** Changes one security setting of the manifests, and returns them. */
type Mutation = (manifests: Manifest[]) => Manifest[];

/** Returns a mutation of what is at a path in the first object of a kind. */
function at(kind: string, path: string, change: (target: Fields) => void): Mutation {
  return (manifests) => {
    const object = manifests.find((manifest) => manifest.kind === kind);
    const target = path
      .split('.')
      .filter(Boolean)
      .reduce<unknown>((node, key) => (node as Fields)[key], object);
    change(target as Fields);
    return manifests;
  };
}

const set = (values: Fields) => (target: Fields) => void Object.assign(target, values);
const remove = (name: string) => (target: Fields) => void delete target[name];

const pod = (change: (target: Fields) => void) => at('Deployment', 'spec.template.spec', change);
const podSecurity = (change: (target: Fields) => void) =>
  at('Deployment', 'spec.template.spec.securityContext', change);
const container = (change: (target: Fields) => void) => at('Deployment', 'spec.template.spec.containers.0', change);
const containerSecurity = (change: (target: Fields) => void) =>
  at('Deployment', 'spec.template.spec.containers.0.securityContext', change);
const limits = (change: (target: Fields) => void) =>
  at('Deployment', 'spec.template.spec.containers.0.resources.limits', change);
const variable = (name: string, value: string) =>
  container((target) => void (target['env'] as unknown[]).push({ name, value }));
const add =
  (object: Manifest): Mutation =>
  (manifests) => [...manifests, object];
const without =
  (isGone: (manifest: Manifest) => boolean): Mutation =>
  (manifests) =>
    manifests.filter((manifest) => !isGone(manifest));

/** Each change of one setting, and a part of the message of the policy that catches it. */
const MUTATIONS: readonly [string, Mutation, string][] = [
  ['runAsNonRoot of the pod is removed', podSecurity(remove('runAsNonRoot')), 'runAsNonRoot of the pod'],
  ['runAsNonRoot of the container is false', containerSecurity(set({ runAsNonRoot: false })), 'runAsNonRoot is not'],
  ['the user is root', podSecurity(set({ runAsUser: 0 })), 'a user other than root'],
  ['the user is not named', podSecurity(remove('runAsUser')), 'a user other than root'],
  ['the container has a user of its own', containerSecurity(set({ runAsUser: 0 })), 'has a user of its own'],
  [
    'the root file system can be written',
    containerSecurity(remove('readOnlyRootFilesystem')),
    'readOnlyRootFilesystem',
  ],
  ['the seccomp profile is removed', podSecurity(remove('seccompProfile')), 'seccomp profile is not RuntimeDefault'],
  [
    'the seccomp profile is Unconfined',
    podSecurity(set({ seccompProfile: { type: 'Unconfined' } })),
    'seccomp profile is not RuntimeDefault',
  ],
  [
    'the container has no seccomp profile',
    containerSecurity(set({ seccompProfile: { type: 'Unconfined' } })),
    'changes the seccomp profile',
  ],
  ['privileges can be gained', containerSecurity(remove('allowPrivilegeEscalation')), 'allowPrivilegeEscalation'],
  ['the container is privileged', containerSecurity(set({ privileged: true })), 'is privileged'],
  ['capabilities stay', containerSecurity(remove('capabilities')), 'does not drop all capabilities'],
  [
    'a capability is added',
    containerSecurity(set({ capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } })),
    'adds capabilities',
  ],
  ['the pod gets a token', pod(remove('automountServiceAccountToken')), 'gets a token'],
  [
    'the account gives tokens',
    at('ServiceAccount', '', remove('automountServiceAccountToken')),
    'gives its pods a token',
  ],
  ['the pod uses the network of the node', pod(set({ hostNetwork: true })), 'shares hostNetwork'],
  ['the pod sees the processes of the node', pod(set({ hostPID: true })), 'shares hostPID'],
  [
    'a folder of the node is mounted',
    pod((target) => void (target['volumes'] as unknown[]).push({ name: 'etc', hostPath: { path: '/etc' } })),
    'mounts the path /etc',
  ],
  [
    'a volume has no limit',
    pod((target) => void (target['volumes'] as unknown[]).push({ name: 'more', emptyDir: {} })),
    'has no size limit',
  ],
  ['the limit of memory is removed', limits(remove('memory')), 'has no limits of memory'],
  ['the limit of CPU time is removed', limits(remove('cpu')), 'has no limits of cpu'],
  ['the image has no tag', container(set({ image: 'registry.example.com/waymark' })), 'neither a digest nor a version'],
  ['the image is the latest', container(set({ image: 'waymark:latest' })), 'neither a digest nor a version'],
  ['a token is a variable', variable('API_TOKENS', 'abc'), 'API_TOKENS holds a secret'],
  ['a password is a variable', variable('PGPASSWORD', 'abc'), 'PGPASSWORD holds a secret'],
  ['a key is a variable', variable('PREDICTION_ID_KEY', 'abc'), 'PREDICTION_ID_KEY holds a secret'],
  ['a URL has a password', variable('OTHER_URL', 'postgres://a:b@db/c'), 'holds a password in its URL'],
  ['an argument has a token', container(set({ args: ['--token=abc'] })), 'an argument holds a secret'],
  [
    'a secret can be read by all',
    pod((target) => {
      const volumes = target['volumes'] as { secret?: Fields }[];
      Object.assign(volumes.find(({ secret }) => secret)!.secret!, { defaultMode: 0o644 });
    }),
    'everybody in the pod can read',
  ],
  [
    'a secret can be written',
    container((target) => {
      const mounts = target['volumeMounts'] as { name: string }[];
      Object.assign(mounts.find(({ name }) => name.startsWith('secret-'))!, { readOnly: false });
    }),
    'is not mounted for reading only',
  ],
  [
    'a secret is a manifest',
    add({ kind: 'Secret', apiVersion: 'v1', metadata: { name: 's' }, data: { a: 'YQ==' } }),
    'no place for a secret',
  ],
  [
    'the account gets rights',
    add({ kind: 'RoleBinding', apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'r' } }),
    'needs rights in the cluster',
  ],
  [
    'the NetworkPolicies are gone',
    without(({ kind }) => kind === 'NetworkPolicy'),
    'no NetworkPolicy limits its Ingress',
  ],
  [
    'the NetworkPolicy leaves what goes out',
    at('NetworkPolicy', 'spec', set({ policyTypes: ['Ingress'] })),
    'no NetworkPolicy limits its Egress',
  ],
  [
    'everybody may come in',
    at('NetworkPolicy', 'spec', set({ ingress: [{ ports: [{ port: 'http' }] }] })),
    'lets everybody in',
  ],
  ['everything may go out', at('NetworkPolicy', 'spec', set({ egress: [{}] })), 'a rule is for every port'],
  ['the disruption budget is gone', without(({ kind }) => kind === 'PodDisruptionBudget'), 'no PodDisruptionBudget'],
  ['the pods share a node', pod(remove('topologySpreadConstraints')), 'several pods on one node'],
  ['the grace period is short', pod(set({ terminationGracePeriodSeconds: 12 })), 'ends before the shutdown'],
  ['the readiness probe is gone', container(remove('readinessProbe')), 'has no readinessProbe'],
  [
    'the replicas have no database',
    container((target) => {
      target['env'] = (target['env'] as { name: string }[]).filter(({ name }) => name !== 'DATABASE_URL');
    }),
    'several pods without DATABASE_URL',
  ],
];

/** The settings of a pod and of a container in each kind of workload: the profile, the kind, and the paths. */
const WORKLOADS: readonly [string, string, string | undefined, string | undefined][] = [
  ['production', 'Deployment', 'spec.template.spec', 'spec.template.spec.containers.0'],
  [
    'production',
    'CronJob',
    'spec.jobTemplate.spec.template.spec',
    'spec.jobTemplate.spec.template.spec.initContainers.0',
  ],
  ['keda', 'Job', 'spec.template.spec', 'spec.template.spec.containers.0'],
  ['two-tiers', 'StatefulSet', 'spec.template.spec', 'spec.template.spec.containers.0'],
  ['kserve', 'ServingRuntime', undefined, 'spec.containers.0'],
  ['kserve', 'InferenceService', 'spec.predictor', undefined],
];

describe.skipIf(inject('missingForCheckers'))('the policies catch it if', () => {
  let checkers: Checkers;
  let production: string;

  beforeAll(async () => {
    checkers = await installCheckers(process.stdout, new AbortController().signal);
    production = await renderProfile(checkers.helm, 'production');
  });

  const failuresAfter = async (mutate: Mutation, rendered = production) =>
    policyFailures(checkers.conftest, await toFile(mutate(manifestsOf(rendered))));

  test('nothing is changed: then they find nothing', async () => {
    expect(await failuresAfter((manifests) => manifests)).toEqual([]);
  });

  test.each(MUTATIONS)('%s', async (_name, mutate, message) => {
    const failures = await failuresAfter(mutate);
    expect(failures.filter((failure) => failure.includes(message))).not.toEqual([]);
  });

  test.each(WORKLOADS)('a %s %s loses the limits of its pod or container', async (profile, kind, podPath, path) => {
    const rendered = await renderProfile(checkers.helm, profile);
    if (podPath) {
      const failures = await failuresAfter(at(kind, podPath, remove('securityContext')), rendered);
      expect(failures.join('\n')).toMatch(new RegExp(`^${kind} .*seccomp profile is not RuntimeDefault`, 'm'));
    }
    if (path) {
      const failures = await failuresAfter(at(kind, path, remove('securityContext')), rendered);
      expect(failures.join('\n')).toMatch(new RegExp(`^${kind} .*readOnlyRootFilesystem is not true`, 'm'));
    }
  });
});
