import { builtBundle, writeBundle } from './workflow-bundle.js';

await writeBundle(builtBundle);
