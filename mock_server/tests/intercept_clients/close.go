// Closes an order, queries it and is refused, against the address that is a constant in it.
package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

const host = "https://api.huifu.com"

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return value
}

func key(name string) []byte { return must(base64.StdEncoding.DecodeString(os.Getenv(name))) }

func call(name, path, order string) {
	data := must(json.Marshal(map[string]string{ // sorted by encoding/json
		"req_date": "20260102", "req_seq_id": "go-" + name, "huifu_id": os.Getenv("HUIFU_ID"),
		"org_req_date": "20260101", "org_req_seq_id": order,
	}))
	hash := sha256.Sum256(data)
	private := must(x509.ParsePKCS8PrivateKey(key("HUIFU_MERCHANT_PRIVATE_KEY"))).(*rsa.PrivateKey)
	sign := must(rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, hash[:]))
	body := must(json.Marshal(map[string]any{
		"sys_id": os.Getenv("HUIFU_SYS_ID"), "product_id": os.Getenv("HUIFU_PRODUCT_ID"),
		"data": json.RawMessage(data), "sign": base64.StdEncoding.EncodeToString(sign),
	}))
	response := must(http.Post(host+path, "application/json", bytes.NewReader(body)))
	defer response.Body.Close()
	var reply struct {
		Data json.RawMessage
		Sign string
	}
	must(0, json.NewDecoder(response.Body).Decode(&reply))
	public := must(x509.ParsePKIXPublicKey(key("HUIFU_PUBLIC_KEY"))).(*rsa.PublicKey)
	hash = sha256.Sum256(reply.Data)
	must(0, rsa.VerifyPKCS1v15(public, crypto.SHA256, hash[:], must(base64.StdEncoding.DecodeString(reply.Sign))))
	var answer map[string]string
	must(0, json.Unmarshal(reply.Data, &answer))
	fmt.Println(name, answer["resp_code"], answer["trans_stat"])
}

func main() {
	call("close", "/v2/trade/payment/scanpay/close", "order-open")
	call("query", "/v3/trade/payment/scanpay/query", "order-open")
	call("refusal", "/v2/trade/payment/scanpay/close", "order-paid")
}
