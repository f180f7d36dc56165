import { Page } from '../../ui/page.js';

export function Activity() {
  return <Page title="Activity">{null}</Page>;
}
