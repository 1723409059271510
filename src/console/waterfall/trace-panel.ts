import { useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { useMemo } from 'preact/hooks';
import type { TraceAnswer } from '../../recent/trace-answer.ts';
import { ApiError, request } from '../state/api.ts';
import { hrefOf } from '../state/location.ts';
import { useLoaded } from '../state/resource.ts';
import { formatSeconds, formatShare } from '../view/format.ts';
import { Loaded, Panel } from '../view/parts.ts';
import { criticalSteps, readTrace, type Trace } from './trace.ts';
import { Waterfall } from './waterfall.ts';

/** The time after which a trace is asked for again. With several workers another one may have to report it first. */
const RETRY_MS = 400;

/** Reads a trace. A prediction is remembered shortly after its answer, so a missing trace is asked for twice. */
export async function loadTrace(id: string, withLogs: boolean, signal: AbortSignal): Promise<Trace> {
  const path = `traces/${encodeURIComponent(id)}${withLogs ? '?logs=true' : ''}`;
  try {
    return readTrace(await request<TraceAnswer>(path, { signal }));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return readTrace(await request<TraceAnswer>(path, { signal }));
  }
}

/** One sentence: the step that took most of the time. */
export function Verdict({ trace }: { readonly trace: Trace }): ComponentChildren {
  const steps = useMemo(() => criticalSteps(trace), [trace]);
  const [longest] = steps;
  if (longest === undefined) return null;
  return h(
    'p',
    { class: 'verdict' },
    h('strong', null, `${longest.name} took ${formatShare(longest.share)}`),
    ` of ${formatSeconds(trace.duration / 1e6)}. Then `,
    steps
      .slice(1, 4)
      .filter(({ share }) => share >= 0.001)
      .map(({ name, share }) => `${name} ${formatShare(share)}`)
      .join(', ') || 'nothing else',
    '.',
  );
}

/** A small waterfall of a trace within another page. */
export function TracePanel({ id }: { readonly id: string }): ComponentChildren {
  const trace = useLoaded(id, (signal) => loadTrace(id, false, signal));
  const selected = useSignal<string | undefined>(undefined);
  return h(
    Panel,
    {
      title: 'Trace',
      class: 'trace-panel',
      note: h('code', null, id),
      actions: h('a', { href: hrefOf('trace', { id }) }, 'Open the trace'),
    },
    h(Loaded<Trace>, {
      resource: trace.value,
      children: (value) => [
        h(Verdict, { key: 'verdict', trace: value }),
        h(Waterfall, {
          key: 'waterfall',
          trace: value,
          selected: selected.value,
          onSelect: (span) => {
            selected.value = span;
          },
        }),
      ],
    }),
  );
}
