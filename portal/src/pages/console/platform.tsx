import { Page } from '../../ui/page.js';

export function Platform() {
  return <Page title="Platform">{null}</Page>;
}
