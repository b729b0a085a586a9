// Lets huifu-contract call the application's own close. It passes on what the application says and decides nothing.
// go build -o close_adapter . && huifu-contract client --client 'cmd:./close_adapter'
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// >>> your application: the only place to change
var about = map[string]any{
	"client":       map[string]string{"name": "go-reference", "version": "1", "language": "go"},
	"profiles":     []string{"wire", "decision"},
	"claims":       []string{"query", "retry", "generates-seq", "generates-date"},
	"timeout_s":    2,
	"max_attempts": 5,
}

func closeOrder(config map[string]string, baseURL string, params map[string]string) map[string]any {
	client, err := NewCloseClient(baseURL, config)
	if err != nil {
		panic(err)
	}
	client.Timeout, client.Attempt = 2e9, 4e8 // nanoseconds
	said, err := client.Close(params)
	if err != nil {
		panic(err)
	}
	seen := map[string]any{}
	for _, name := range []string{"resp_code", "trans_stat"} {
		if text, isText := said.Reply[name].(string); isText {
			seen[name] = text
		}
	}
	return map[string]any{"outcome": said.Verdict, "seen": seen, "attempts": said.Attempts}
}

// <<< end of the place to change

type message struct {
	ID      int64             `json:"id"`
	Op      string            `json:"op"`
	BaseURL string            `json:"base_url"`
	Config  map[string]string `json:"config"`
	Params  map[string]string `json:"params"`
}

func answer(config map[string]string, asked message) (said map[string]any) {
	defer func() {
		if broken := recover(); broken != nil {
			trouble := map[string]string{"kind": "panic", "message": fmt.Sprint(broken)}
			said = map[string]any{"outcome": "crashed", "error": trouble}
		}
	}()
	switch asked.Op {
	case "hello":
		return about
	case "close":
		return closeOrder(config, asked.BaseURL, asked.Params)
	case "bye":
		return map[string]any{"ok": true}
	}
	return map[string]any{"outcome": "unsupported"}
}

func main() {
	protocol := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr // stdout is for the protocol alone
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	var config map[string]string
	for lines.Scan() {
		var asked message
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		if asked.Op == "hello" {
			config = asked.Config
		}
		reply := map[string]any{"id": asked.ID}
		for name, value := range answer(config, asked) {
			reply[name] = value
		}
		if err := protocol.Encode(reply); err != nil {
			panic(err)
		}
	}
}
