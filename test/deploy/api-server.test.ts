import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { installApiServer } from '../../tools/deploy/api-server.ts';
import { type Checkers, installCheckers } from '../../tools/deploy/install.ts';
import { DEFINITIONS } from '../../tools/deploy/schemas.ts';
import { type ApiServer, startApiServer } from './support/api-server.ts';
import { type Manifest, manifestsOf, PROFILES, renderProfile } from './support/profiles.ts';

/** The strictest of the Pod Security Standards. The server warns of each workload whose pods it would refuse. */
const NAMESPACE: Manifest = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'waymark', labels: { 'pod-security.kubernetes.io/warn': 'restricted' } },
};

describe.skipIf(inject('missingForCheckers'))('the API server of Kubernetes', () => {
  let server: ApiServer;
  let checkers: Checkers;

  beforeAll(async () => {
    const { signal } = new AbortController();
    checkers = await installCheckers(process.stdout, signal);
    server = await startApiServer(await installApiServer(process.stdout, signal));
    expect((await server.create(NAMESPACE)).status).toBe(201);
    const folder = join(checkers.schemas, DEFINITIONS);
    for (const file of await readdir(folder)) {
      const answer = await server.create(JSON.parse(await readFile(join(folder, file), 'utf8')) as Manifest);
      expect(answer.status, answer.body).toBe(201);
    }
    await allKindsAreServed();
  });

  afterAll(() => server?.stop());

  /** Waits until the server serves the custom resources, which it does some time after it has their definitions. */
  async function allKindsAreServed(): Promise<void> {
    const rendered = await Promise.all(PROFILES.map((profile) => renderProfile(checkers.helm, profile)));
    for (const manifest of rendered.flatMap(manifestsOf)) {
      for (let i = 0; i < 100; i++) {
        const status = await server.tryApply(manifest).then(
          (answer) => answer.status,
          () => 404,
        );
        if (status !== 404) break;
        await delay(200);
      }
    }
  }

  test.each(PROFILES)('takes every manifest of the values %s, without a warning', async (profile) => {
    const manifests = manifestsOf(await renderProfile(checkers.helm, profile));
    const refused: string[] = [];
    for (const manifest of manifests) {
      const { status, body, warning } = await server.tryApply(manifest);
      const name = `${manifest.kind} ${manifest.metadata.name}`;
      if (status !== 200 && status !== 201) refused.push(`${name}: ${body}`);
      if (warning) refused.push(`${name}: ${warning}`);
    }
    expect(refused).toEqual([]);
    expect(manifests.length).toBeGreaterThan(2);
  });

  test('refuses an unknown field, and warns of a pod that may be root', async () => {
    const rendered = await renderProfile(checkers.helm, 'default');
    const text = JSON.stringify(manifestsOf(rendered).find(({ kind }) => kind === 'Deployment'));
    const misspelt = await server.tryApply(JSON.parse(text.replace('readinessProbe', 'readyProbe')) as Manifest);
    expect(misspelt.body).toContain('readyProbe');
    expect(misspelt.status).toBeGreaterThanOrEqual(400);
    const root = await server.tryApply(
      JSON.parse(text.replaceAll('"runAsNonRoot":true', '"runAsNonRoot":false')) as Manifest,
    );
    expect(root.warning).toContain('would violate PodSecurity');
  });
});
