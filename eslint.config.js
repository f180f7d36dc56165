import eslint from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const nodeBuiltin = 'node:';
const ourErrors = '\\.\\./(errors|uuid-form)\\.js$';

/**
 * The files may take values from nothing but these (regular expressions, matched at the start of what is imported).
 * Types may come from anywhere: they leave no trace at run time.
 */
function mayImport(files, allowed, message) {
  const regex = `^(?!${[...allowed, '\\./'].join('|')})`;
  return {
    files,
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ regex, allowTypeImports: true, message }] }],
    },
  };
}

export default tseslint.config(
  { ignores: ['dist/', '.data/', '.cache/', 'coverage/', 'test/fixtures/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // An async function without await is how a fake or a handler keeps its type.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['portal/src/**/*.tsx', 'portal/src/**/*.ts'], extends: [reactHooks.configs.flat['recommended-latest']] },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', Buffer: 'readonly' } },
  },

  // Expressions that meet text from outside run in linear time: one that begins anew at every character of a run, as
  // /0+$/ does, or that can read one text in two ways, lets a single request stop the process.
  {
    files: ['src/**/*.ts', 'activities/**/*.ts', 'workflows/**/*.ts'],
    extends: [regexp.configs['flat/recommended']],
    rules: {
      'regexp/no-super-linear-move': 'error',
      // How an expression is spelt is not what this is about.
      'regexp/negation': 'off',
      'regexp/no-unused-capturing-group': 'off',
      'regexp/prefer-d': 'off',
      'regexp/prefer-w': 'off',
      'regexp/use-ignore-case': 'off',
    },
  },

  // Who may import whom.
  mayImport(
    ['workflows/**/*.ts'],
    ['@temporalio/(workflow|common)$'],
    'Workflow code is replayed: it takes values only from @temporalio/workflow, @temporalio/common and other workflow files',
  ),
  mayImport(['src/db/**/*.ts'], ['pg$', 'node-pg-migrate$', nodeBuiltin, ourErrors], 'db knows only Postgres and Node'),
  mayImport(
    ['src/delivery/**/*.ts'],
    ['undici$', 'ipaddr\\.js$', 'lru-cache$', nodeBuiltin, ourErrors],
    'delivery knows neither the database nor Temporal',
  ),
  mayImport(
    ['src/transform/**/*.ts'],
    [
      'lru-cache$',
      nodeBuiltin,
      '\\.\\./process-stat\\.js$',
      '\\.\\./temporal/priority/fair-queue\\.js$',
      '(\\.\\./)+workflows/contract/',
    ],
    'transform evaluates text, and knows neither the database nor Temporal',
  ),
  mayImport(
    ['src/events/**/*.ts'],
    // The body is rendered once, at the trigger.
    ['zod$', nodeBuiltin, ourErrors, '\\.\\./(db/|temporal/workflows\\.js$|delivery/body\\.js$|metrics/counted\\.js$)'],
    'events use db and temporal',
  ),
  mayImport(
    ['src/sources/**/*.ts'],
    [
      '(zod|p-queue|modesl|twilio|sms-segments-calculator)(/|$)',
      nodeBuiltin,
      ourErrors.replace('\\.\\./', '(\\.\\./)+'),
      '(\\.\\./)+(events|db)/',
      // another source
      '\\.\\./[a-z-]+/',
      '(\\.\\./)+temporal/workflows\\.js$',
    ],
    'sources use events, db and temporal',
  ),
  mayImport(
    ['src/metrics/**/*.ts'],
    ['prom-client$', nodeBuiltin, '\\.\\./once-a-minute\\.js$', '\\.\\./delivery/outcome\\.js$'],
    'metrics are read from what server hands in',
  ),
  mayImport(
    ['src/tracing/**/*.ts'],
    ['@opentelemetry/(api|core)$'],
    'whether spans go anywhere is for server to decide',
  ),
  mayImport(
    ['src/filter/**/*.ts'],
    [nodeBuiltin, ourErrors, '\\.\\./(db/database|events/show-value)\\.js$'],
    'filters are read and compiled without a database, which evaluates them',
  ),
  mayImport(
    ['src/source/**/*.ts', 'src/verify/**/*.ts'],
    // Files of ours that take nothing but Node either.
    [nodeBuiltin, '\\.\\./(events/recording|delivery/retry-after|uuid-form)\\.js$'],
    'what services and receivers import needs nothing but Node',
  ),
  mayImport(
    ['src/client/**/*.ts'],
    ['(openapi-fetch|eventsource-parser)$', nodeBuiltin, '\\.\\./source/(api-url|errors|problem|retry-wait)\\.js$'],
    'the client needs nothing but Node and the libraries that it is made from',
  ),
  mayImport(
    ['src/cli/**/*.ts'],
    ['(commander|picocolors)$', nodeBuiltin, '(\\.\\./)+client/index\\.js$', '\\.\\./(context|output)\\.js$'],
    'the command line is made from the client',
  ),
  mayImport(
    // An entry of its own, for services that have the SDK anyway.
    ['src/source/temporal-source.ts'],
    [
      nodeBuiltin,
      ourErrors,
      '\\.\\./(encryption/event-codec|events/(check-event|event-types|personal-ids)|temporal/failure)\\.js$',
      '(\\.\\./)+workflows/contract/',
    ],
    'the Temporal source checks and seals events, and knows no database',
  ),
  mayImport(
    ['activities/**/*.ts'],
    [
      '@temporalio/(activity|common)$',
      '@opentelemetry/api$',
      nodeBuiltin,
      '(\\.\\./)+src/(delivery/|sources/|events/|db/|metrics/counted\\.js$|tracing/|errors\\.js$|encryption/(seal(-context)?|signed-headers|event-codec)\\.js$|settle-soon\\.js$)',
      // Names that both sides must agree on.
      '(\\.\\./)+workflows/contract/',
      // another kind of activity
      '\\.\\./[a-z-]+/',
      '\\.\\./[a-z-]+\\.js$',
    ],
    'activities use delivery, db and temporal',
  ),
  {
    files: ['src/api/**/*.ts', 'src/*.ts', 'src/config/**/*.ts', 'src/encryption/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '(^|/)(server|dev)/', message: 'server and dev wire everything and are imported by nothing.' },
            { regex: '(^|/)activities/', allowTypeImports: true, message: 'The API uses events, db and temporal.' },
            { regex: '^@temporalio/worker$', message: 'Workers are made in src/temporal.' },
            {
              // Its pure parts (url and header checks, masking, signing) are for everybody.
              regex: 'delivery/(post|connect|resolve|agent|open-requests)',
              allowTypeImports: true,
              message: 'Only activities send requests to receivers.',
            },
          ],
        },
      ],
    },
  },

  {
    files: ['src/temporal/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ regex: '(^|/)(server|dev|api)/', message: 'temporal is wired by server and knows no API.' }] },
      ],
    },
  },

  // One reader of the environment; what starts processes passes it on.
  {
    files: ['src/**/*.ts', 'workflows/**/*.ts', 'activities/**/*.ts'],
    ignores: ['src/config/**', 'src/server/**', 'src/dev/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'The environment is read by src/config alone.' },
      ],
    },
  },
  // Programs and tests talk to a person.
  {
    files: [
      'src/server/**/*.ts',
      'src/dev/**/*.ts',
      'src/temporal/bundle.ts',
      'scripts/**/*.ts',
      'bench/**/*.ts',
      'test/**/*.ts',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
