import { h, render } from 'preact';
import { ComparePage } from './pages/compare/compare-page.ts';
import { LivePage } from './pages/live/live-page.ts';
import { ModelsPage } from './pages/models/models-page.ts';
import { QualityPage } from './pages/quality/quality-page.ts';
import { TracePage } from './pages/trace/trace-page.ts';
import { TryPage } from './pages/try/try-page.ts';
import { followAddress } from './state/location.ts';
import { loadService } from './state/service.ts';
import { restoreTheme, Shell } from './view/shell.ts';

const pages = {
  try: TryPage,
  live: LivePage,
  trace: TracePage,
  compare: ComparePage,
  quality: QualityPage,
  models: ModelsPage,
};

restoreTheme();
followAddress();
render(h(Shell, { pages }), document.getElementById('app')!);
void loadService();
