// A part of the application that is loaded when it is shown. It may not come: while one is
// offline, or from a server that has become a newer one and has it no longer. What is there can
// be used all the same.

import { Component, type ComponentChildren } from "preact";
import { Suspense } from "preact/compat";

import { inTwo, t as shared } from "../i18n";
import { Dialog } from "./Dialog";

const t = inTwo(
  {
    title: "This can’t be shown",
    text: "A part of the page did not come. The server may be out of reach, or have been updated.",
    again: "Load the page again",
  },
  {
    title: "표시할 수 없습니다",
    text: "페이지의 일부를 불러오지 못했습니다. 서버에 연결할 수 없거나 서버가 업데이트되었을 수 있습니다.",
    again: "페이지 다시 불러오기",
  },
);

interface Props {
  children: ComponentChildren;
  /** Has it no longer be shown. */
  onClose: () => void;
}

/** Rendered as long as what it holds is wanted: wanted again, it is tried again. */
export class Part extends Component<Props, { isMissing: boolean }> {
  override state = { isMissing: false };

  static override getDerivedStateFromError = (): { isMissing: boolean } => ({ isMissing: true });

  override render() {
    const { children, onClose } = this.props;
    if (this.state.isMissing) return <Missing onClose={onClose} />;
    return <Suspense fallback={null}>{children}</Suspense>;
  }
}

function Missing({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t.title} onClose={onClose}>
      <p>{t.text}</p>
      <footer>
        <button type="button" onClick={onClose}>
          {shared.cancel}
        </button>
        <button type="button" class="primary" data-autofocus onClick={() => location.reload()}>
          {t.again}
        </button>
      </footer>
    </Dialog>
  );
}
