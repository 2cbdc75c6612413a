// What a stranger's program does: explore by npm's "oscquery", then listen and send by "ws".
const { OSCQueryDiscovery } = require("oscquery");
const WebSocket = require("ws");

const port = Number(process.argv[2]);
const say = (what) => console.log(JSON.stringify(what));

function packet(address, number) {
  const text = (t) => Buffer.concat([Buffer.from(t), Buffer.alloc(4 - (t.length % 4))]);
  const value = Buffer.alloc(4);
  value.writeFloatBE(number);
  return Buffer.concat([text(address), text(",f"), value]);
}

async function main() {
  const service = await new OSCQueryDiscovery().queryNewService("127.0.0.1", port);
  const speed = service.resolvePath("/master/speed").serialize();
  say({ name: service.hostInfo.name, methods: service.flat().length, speed });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  socket.on("open", () => {
    socket.send(JSON.stringify({ COMMAND: "LISTEN", DATA: "/master/speed" }));
    socket.send(packet("/master/brightness", 0.25));
  });
  socket.on("message", (data) => {
    const told = data.readFloatBE(data.length - 4);
    say({ told });
    if (told === 0.5) socket.close();
  });
  socket.on("close", () => process.exit(0));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
