import { sqlStateOf } from '../../db/database.js';

/**
 * Whether Postgres was asked and will never take it: data that does not fit (SQLSTATE classes 22, 23, 54). All its other
 * errors may pass, of an older version while a migration runs, for example.
 */
export const isRefusedByPostgres = (error: unknown): boolean => /^(22|23|54)/.test(sqlStateOf(error) ?? '');
