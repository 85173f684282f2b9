// SPDX-License-Identifier: Apache-2.0

// Writes a database with bbolt itself and prints what it reads from it: bbolt_judge FILE SEED. Lines
// are those of tests/tools/bbolt_lines.c.
package main

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"strconv"

	"go.etcd.io/bbolt"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bbolt_judge:", err)
		os.Exit(1)
	}
}

func random(r *rand.Rand, most int) []byte {
	b := make([]byte, 1+r.Intn(most))
	r.Read(b)
	return b
}

func fill(r *rand.Rand, b *bbolt.Bucket, depth, keys int) {
	for i := 0; i < keys; i++ {
		if depth > 0 && r.Intn(4) == 0 {
			child, err := b.CreateBucketIfNotExists(append([]byte("b"), random(r, 12)...))
			check(err)
			fill(r, child, depth-1, r.Intn(1+keys/3))
		} else {
			most := 40
			if r.Intn(30) == 0 {
				most = 20000 // pages that run on
			}
			check(b.Put(append([]byte("k"), random(r, 30)...), random(r, most)))
		}
	}
}

func prune(r *rand.Rand, b *bbolt.Bucket) {
	var gone [][]byte
	check(b.ForEach(func(k, v []byte) error {
		if v != nil && r.Intn(3) == 0 {
			gone = append(gone, append([]byte{}, k...))
		}
		return nil
	}))
	for _, k := range gone {
		check(b.Delete(k))
	}
}

func show(b *bbolt.Bucket, path string) {
	check(b.ForEach(func(k, v []byte) error {
		name := fmt.Sprintf("%s/%x", path, k)
		if v == nil {
			fmt.Println(name)
			show(b.Bucket(k), name)
			return nil
		}
		if !bytes.Equal(b.Get(k), v) {
			return fmt.Errorf("not found again: %s", name)
		}
		fmt.Printf("%s=%x\n", name, v)
		return nil
	}))
}

func main() {
	seed, err := strconv.ParseInt(os.Args[2], 10, 64)
	check(err)
	r := rand.New(rand.NewSource(seed))
	db, err := bbolt.Open(os.Args[1], 0o600, &bbolt.Options{PageSize: 1024 << r.Intn(4), NoSync: true})
	check(err)
	for _, work := range []func(*rand.Rand, *bbolt.Bucket){
		func(r *rand.Rand, b *bbolt.Bucket) { fill(r, b, 2, 20+r.Intn(120)) },
		prune,
		func(r *rand.Rand, b *bbolt.Bucket) { fill(r, b, 1, r.Intn(100)) },
	} {
		check(db.Update(func(tx *bbolt.Tx) error {
			for i := 0; i < 5; i++ {
				b, err := tx.CreateBucketIfNotExists([]byte(fmt.Sprintf("top %d", i)))
				check(err)
				work(r, b)
			}
			return nil
		}))
	}
	check(db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(k []byte, b *bbolt.Bucket) error {
			fmt.Printf("/%x\n", k)
			show(b, fmt.Sprintf("/%x", k))
			return nil
		})
	}))
	check(db.Close())
}
