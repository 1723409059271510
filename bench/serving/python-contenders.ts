import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCIKIT_LEARN } from '../classifier/python-peers.ts';
import { installPython, run } from '../harness/python-environment.ts';
import type { Addresses, Contender, ContenderName, Workplace } from './contender.ts';

const PEERS = join(import.meta.dirname, 'peers');

/** The requirements of MLServer. */
export const MLSERVER_PACKAGES = ['mlserver==1.7.1', 'mlserver-sklearn==1.7.1', SCIKIT_LEARN];

/** The requirements of the Python environments. There are several, since their dependencies conflict. */
const requirements = {
  web: [
    'flask==3.1.3',
    'gunicorn==27.0.1',
    'fastapi==0.165.0',
    'uvicorn[standard]==0.54.0',
    SCIKIT_LEARN,
    'opentelemetry-sdk==1.45.1',
    'opentelemetry-exporter-otlp-proto-http==1.45.1',
    'opentelemetry-instrumentation-flask==0.66b1',
    'opentelemetry-instrumentation-fastapi==0.66b1',
  ],
  mlserver: MLSERVER_PACKAGES,
  // The requirements of the extra "tracing-otlp" conflict with each other. Tracing needs only this package of them.
  bentoml: ['bentoml==1.4.40', SCIKIT_LEARN, 'opentelemetry-exporter-otlp-proto-http==1.45.1'],
};

interface Server {
  readonly environment: keyof typeof requirements;
  readonly program: string;
  readonly args: (addresses: Addresses, folder: string) => string[];
  readonly env?: (addresses: Addresses, traced: boolean) => Record<string, string>;
  readonly health: string;
}

const flask: Server = {
  environment: 'web',
  program: 'gunicorn',
  // The fastest setting here: a thread keeps connections open, and further threads only wait for the lock.
  args: ({ port }) => [
    ...['--workers', '1', '--worker-class', 'gthread', '--threads', '1'],
    ...['--bind', `127.0.0.1:${port}`, 'flask_app:app'],
  ],
  health: '/health',
};

const fastapi: Server = {
  environment: 'web',
  program: 'uvicorn',
  args: ({ port }) => [
    ...['--host', '127.0.0.1', '--port', String(port), '--no-access-log'],
    ...['--app-dir', PEERS, 'fastapi_app:app'],
  ],
  health: '/health',
};

const mlserver: Server = {
  environment: 'mlserver',
  program: 'mlserver',
  args: (_, folder) => ['start', folder],
  env: ({ port, otherPorts: [rpc, metrics], collectorGrpc }, traced) => ({
    MLSERVER_HOST: '127.0.0.1',
    MLSERVER_HTTP_PORT: String(port),
    MLSERVER_GRPC_PORT: String(rpc),
    MLSERVER_METRICS_PORT: String(metrics),
    MLSERVER_DEBUG: 'false',
    // The model runs in the process of the server: with a separate worker, two processes would share the core.
    MLSERVER_PARALLEL_WORKERS: '0',
    ...(traced ? { MLSERVER_TRACING_SERVER: collectorGrpc } : {}),
  }),
  health: '/v2/health/ready',
};

const bentoml: Server = {
  environment: 'bentoml',
  program: 'bentoml',
  args: ({ port }) => [
    ...['serve', '--host', '127.0.0.1', '--port', String(port)],
    ...['--working-dir', PEERS, 'bentoml_service:Spam'],
  ],
  env: () => ({ BENTOML_DO_NOT_TRACK: 'True' }),
  health: '/readyz',
};

/** The same scikit-learn pipeline in four Python servers, without and with OpenTelemetry. */
export const PYTHON_CONTENDERS: readonly Contender[] = [
  ...pair('flask', 'flaskTraced', flask),
  ...pair('fastapi', 'fastapiTraced', fastapi),
  ...pair('mlserver', 'mlserverTraced', mlserver, {
    path: '/v2/models/spam/infer',
    body: (text: string) => ({
      inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: [text] }],
      parameters: { content_type: 'str' },
    }),
    label: ({ outputs }: { outputs: { data: string[] }[] }) => outputs[0]?.data[0] ?? '',
  }),
  ...pair('bentoml', 'bentomlTraced', bentoml),
];

type Protocol = Required<Pick<Contender, 'path' | 'body' | 'label'>>;

function pair(
  untraced: ContenderName,
  traced: ContenderName,
  server: Server,
  protocol: Protocol = {
    path: '/predict',
    body: (text) => ({ text }),
    label: ({ prediction }: { prediction: string }) => prediction,
  },
): Contender[] {
  return [untraced, traced].map((name, at) => ({
    name,
    traced: at === 1,
    prepare: (workplace) => prepare(server, workplace, at === 1),
    health: server.health,
    ...protocol,
  }));
}

async function prepare(server: Server, { folder, mails, addresses }: Workplace, traced: boolean) {
  const bin = await installPython(`serving-${server.environment}`, requirements[server.environment]);
  const { model, accuracy } = await trained(folder, mails.train, mails.test);
  return {
    file: join(bin, server.program),
    args: server.args(addresses, folder),
    cwd: folder,
    env: {
      PEER_MODEL: model,
      PYTHONPATH: PEERS,
      PYTHONDONTWRITEBYTECODE: '1',
      // The server has one core, so further threads would only slow it down.
      OMP_NUM_THREADS: '1',
      OPENBLAS_NUM_THREADS: '1',
      BENTOML_HOME: join(folder, 'bentoml'),
      OTEL_SERVICE_NAME: server.environment,
      ...(traced ? { OTEL_EXPORTER_OTLP_ENDPOINT: addresses.collectorHttp } : {}),
      ...server.env?.(addresses, traced),
    },
    note: `The accuracy of the Python servers' scikit-learn pipeline on all held-out mails is ${(accuracy * 100).toFixed(2)} %.`,
  };
}

let training: Promise<{ model: string; accuracy: number }> | undefined;

/** Trains the pipeline of all Python servers once, and writes MLServer's settings beside it. */
function trained(folder: string, train: string, test: string): Promise<{ model: string; accuracy: number }> {
  training ??= (async () => {
    const bin = await installPython('serving-web', requirements.web);
    const model = join(folder, 'pipeline.joblib');
    await mkdir(folder, { recursive: true });
    process.stderr.write('Training the scikit-learn pipeline\n');
    const { accuracy } = JSON.parse(await run(join(bin, 'python'), [join(PEERS, 'train.py'), train, test, model])) as {
      accuracy: number;
    };
    const settings = { name: 'spam', implementation: 'mlserver_sklearn.SKLearnModel', parameters: { uri: model } };
    await writeFile(join(folder, 'model-settings.json'), JSON.stringify(settings));
    return { model, accuracy };
  })();
  return training;
}
