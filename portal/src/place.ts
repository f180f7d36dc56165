/** The same bundle serves both: tenants at /portal, operators at /console. */
export const isConsole = /^\/console(\/|$)/.test(window.location.pathname);
export const basePath = isConsole ? '/console' : '/portal';
