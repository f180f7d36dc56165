import { Page } from '../../ui/page.js';

export function Search() {
  return <Page title="Search">{null}</Page>;
}
