import { loadMigrateConfig } from '../config.js';
import { createLogger } from '../log.js';
import { migrate } from './migrations.js';

const config = loadMigrateConfig(process.env);
await migrate(config.databaseUrl, createLogger(config.log));
