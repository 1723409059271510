import { type ComponentChildren, h } from 'preact';
import { useRef } from 'preact/hooks';
import type { TraceAnswer } from '../../../recent/trace-answer.ts';
import { readTrace, type Trace } from '../../waterfall/trace.ts';

/** Saves a trace as a file of OTLP JSON, as the service sent it. */
export function exportTrace(trace: Trace): void {
  const url = URL.createObjectURL(
    new Blob([JSON.stringify({ resourceSpans: trace.source }, null, 2)], { type: 'application/json' }),
  );
  const link = document.createElement('a');
  link.href = url;
  link.download = `trace-${trace.id}.json`;
  link.click();
  URL.revokeObjectURL(url);
}

interface ImportProps {
  readonly onTrace: (trace: Trace) => void;
  readonly onFault: (message: string) => void;
}

/** Opens a trace of a file. The file is read by this page only. */
export function ImportButton({ onTrace, onFault }: ImportProps): ComponentChildren {
  const input = useRef<HTMLInputElement>(null);
  const read = async (file: File) => {
    try {
      onTrace(readTrace(JSON.parse(await file.text()) as TraceAnswer));
    } catch (error) {
      onFault(
        `${file.name} cannot be shown. ${error instanceof SyntaxError ? 'It is not JSON.' : (error as Error).message}`,
      );
    }
  };
  return h(
    'span',
    null,
    h('input', {
      ref: input,
      class: 'hidden',
      type: 'file',
      accept: '.json,application/json',
      'aria-label': 'File of OTLP JSON',
      tabIndex: -1,
      onChange: () => {
        const file = input.current?.files?.[0];
        if (file) void read(file);
      },
    }),
    h('button', { type: 'button', onClick: () => input.current?.click() }, 'Import a file'),
  );
}
