import { syncBuiltinESMExports } from 'node:module';
import { install, type Clock, type Config } from '@sinonjs/fake-timers';

/** A clock that stands still, also for modules that import from node:timers/promises. */
export function installClock(options: Config): Clock {
  const clock = install(options);
  syncBuiltinESMExports();
  return {
    ...clock,
    uninstall() {
      clock.uninstall();
      syncBuiltinESMExports();
    },
  };
}
