// One event stream for all tabs. Each tab is a port; what the server tells goes to all of them.

import { Stream, type Told } from "./stream";

interface Scope {
  onconnect: ((event: MessageEvent) => void) | null;
}

const ports = new Set<MessagePort>();
const stream = new Stream((told: Told) => {
  for (const port of ports) port.postMessage(told);
});

(self as unknown as Scope).onconnect = ({ ports: [port] }) => {
  if (!port) return;
  ports.add(port);
  port.onmessage = ({ data }: MessageEvent<string>) => {
    if (data === "leave") ports.delete(port);
    if (data === "restart") stream.restart();
    if (!ports.size) stream.stop();
  };
  port.postMessage({ open: stream.isOpen } satisfies Told);
  stream.start();
};
