import { Page } from '../../ui/page.js';

export function Events() {
  return <Page title="Events">{null}</Page>;
}
