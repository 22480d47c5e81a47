;; Hello from WebAssembly: a whole web page, written by hand.
;;
;; harmony runs this module once for each request (it is a CGI program, https://github.com/deislabs/wagi):
;; what was asked is in environment variables, what it prints is the answer. Try it:
;;
;;     harmony up examples/hello
;;
;; A real project would be compiled to WebAssembly from Rust, Go, C or another language.
(module
  ;; The three things it needs of the system, by WASI's names.
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))

  ;; This constant says: serve me over HTTP, on this port.
  (global (export "http_port") i32 (i32.const 8080))

  ;; Memory: 0 a text to print and its length; 16 two sizes; from 64 the texts below; from 1024 what the environment needs.
  (memory (export "memory") 1)

  (data (i32.const 64) "Content-Type: text/html; charset=utf-8\n\n<!doctype html>\n<title>Hello</title>\n<h1>Hello from WebAssembly</h1>\n<p>You asked for <code>")
  (global $head i32 (i32.const 64))
  (global $head_length i32 (i32.const 132))

  (data (i32.const 256) "</code>.</p>\n")
  (global $tail i32 (i32.const 256))
  (global $tail_length i32 (i32.const 13))

  (data (i32.const 320) "&lt;&gt;&amp;&quot;")  ;; how < > & and " are written in HTML: 4, 4, 5 and 6 letters
  (data (i32.const 352) "PATH_INFO=")

  ;; Prints a text. (A real program would look whether all of it was taken.)
  (func $print (param $text i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  ;; Prints one letter, as HTML wants it: a path may hold <script>.
  (func $print_escaped (param $at i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $at)))
    (if (i32.eq (local.get $letter) (i32.const 60)) (then (call $print (i32.const 320) (i32.const 4)) (return)))
    (if (i32.eq (local.get $letter) (i32.const 62)) (then (call $print (i32.const 324) (i32.const 4)) (return)))
    (if (i32.eq (local.get $letter) (i32.const 38)) (then (call $print (i32.const 328) (i32.const 5)) (return)))
    (if (i32.eq (local.get $letter) (i32.const 34)) (then (call $print (i32.const 333) (i32.const 6)) (return)))
    (call $print (local.get $at) (i32.const 1)))

  ;; Prints the letters up to the zero that ends every variable.
  (func $print_path (param $at i32)
    (loop $next
      (if (i32.load8_u (local.get $at))
        (then
          (call $print_escaped (local.get $at))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))))

  ;; Whether a variable starts with "PATH_INFO=".
  (func $is_path (param $variable i32) (result i32)
    (local $i i32)
    (loop $next
      (if (i32.ne (i32.load8_u (i32.add (local.get $variable) (local.get $i)))
                  (i32.load8_u (i32.add (i32.const 352) (local.get $i))))
        (then (return (i32.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 10))))
    (i32.const 1))

  ;; Where execution starts.
  (func (export "_start")
    (local $variable i32) (local $end i32) (local $missing i32)
    (call $print (global.get $head) (global.get $head_length))

    ;; How many variables there are (at 16), and how many bytes they take (at 20).
    (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))

    ;; A table of their addresses at 1024, and behind it the variables themselves. Is there room in our one page?
    (local.set $end (i32.add (i32.const 1024) (i32.mul (i32.load (i32.const 16)) (i32.const 4))))
    (local.set $missing (i32.sub (i32.add (local.get $end) (i32.load (i32.const 20))) (i32.const 65536)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (drop (memory.grow (i32.add (i32.div_u (local.get $missing) (i32.const 65536)) (i32.const 1))))))
    (drop (call $environ_get (i32.const 1024) (local.get $end)))

    ;; Look for the path among them.
    (local.set $variable (i32.const 1024))
    (loop $next
      (if (i32.lt_u (local.get $variable) (local.get $end))
        (then
          (if (call $is_path (i32.load (local.get $variable)))
            (then (call $print_path (i32.add (i32.load (local.get $variable)) (i32.const 10)))))
          (local.set $variable (i32.add (local.get $variable) (i32.const 4)))
          (br $next))))

    (call $print (global.get $tail) (global.get $tail_length))))
