import { sqlStateOf } from '../../db/database.js';

/**
 * Whether Postgres refused the data and always will (SQLSTATE classes 22, 23, 54). All other errors may be temporary,
 * for example those of an older version while a migration runs.
 */
export const isRefusedByPostgres = (error: unknown): boolean => /^(22|23|54)/.test(sqlStateOf(error) ?? '');
