import { builtBundle, writeBundle } from '../temporal/bundle.js';

await writeBundle(builtBundle);
