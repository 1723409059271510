import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** Returns the width of an element in pixels. It follows the window. */
export function useWidth(element: RefObject<HTMLElement | null>): Signal<number> {
  const width = useSignal(0);
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      width.value = element.current?.clientWidth ?? 0;
    });
    if (element.current) observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** Returns a number that changes with the theme, for charts whose colours are drawn. */
export function useTheme(): Signal<number> {
  const version = useSignal(0);
  useEffect(() => {
    const change = () => {
      version.value += 1;
    };
    const query = matchMedia('(prefers-color-scheme: dark)');
    query.addEventListener('change', change);
    const observer = new MutationObserver(change);
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      query.removeEventListener('change', change);
      observer.disconnect();
    };
  }, []);
  return version;
}
