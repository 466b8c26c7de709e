package tag

import "math"

// The arithmetic that everything learned here spends its time in. Products are
// rounded to float32 before they are added: a processor that can do both in one
// instruction must not, or sentences would be tagged otherwise on it.

// dot returns the inner product of two vectors of one length.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += float32(x[0] * y[0])
		s1 += float32(x[1] * y[1])
		s2 += float32(x[2] * y[2])
		s3 += float32(x[3] * y[3])
	}
	for ; i < len(a); i++ {
		s0 += float32(a[i] * b[i])
	}
	return (s0 + s1) + (s2 + s3)
}

// axpy adds x, f times, to y.
func axpy(f float32, x, y []float32) {
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		p, q := x[i:i+4:i+4], y[i:i+4:i+4]
		q[0] += float32(f * p[0])
		q[1] += float32(f * p[1])
		q[2] += float32(f * p[2])
		q[3] += float32(f * p[3])
	}
	for ; i < len(x); i++ {
		y[i] += float32(f * x[i])
	}
}

// mulAdd adds to y the product of a matrix of len(y) rows, each as long as x,
// and x. Four rows at once keep four sums going, since a sum must wait for its
// last addition.
func mulAdd(y, matrix, x []float32) {
	k := len(x)
	j := 0
	for ; j+4 <= len(y); j += 4 {
		b0 := matrix[j*k : j*k+k][:len(x)]
		b1 := matrix[(j+1)*k : (j+1)*k+k][:len(x)]
		b2 := matrix[(j+2)*k : (j+2)*k+k][:len(x)]
		b3 := matrix[(j+3)*k : (j+3)*k+k][:len(x)]
		var s0, s1, s2, s3 float32
		for t, v := range x {
			s0 += float32(v * b0[t])
			s1 += float32(v * b1[t])
			s2 += float32(v * b2[t])
			s3 += float32(v * b3[t])
		}
		y[j] += s0
		y[j+1] += s1
		y[j+2] += s2
		y[j+3] += s3
	}
	for ; j < len(y); j++ {
		y[j] += dot(matrix[j*k:j*k+k], x)
	}
}

// outer adds to a matrix, of rows as long as an x, the products of a column of
// gradients and a row of inputs for each token: dz holds m numbers a token, xs
// k. Four tokens at once save three of four passes over the matrix.
func outer(matrix, dz, xs []float32, m, k int) {
	tokens := len(dz) / m
	t := 0
	for ; t+4 <= tokens; t += 4 {
		z0, z1, z2, z3 := dz[t*m:][:m], dz[(t+1)*m:][:m], dz[(t+2)*m:][:m], dz[(t+3)*m:][:m]
		x0 := xs[t*k : t*k+k]
		x1 := xs[(t+1)*k : (t+1)*k+k][:len(x0)]
		x2 := xs[(t+2)*k : (t+2)*k+k][:len(x0)]
		x3 := xs[(t+3)*k : (t+3)*k+k][:len(x0)]
		for j := range m {
			f0, f1, f2, f3 := z0[j], z1[j], z2[j], z3[j]
			row := matrix[j*k : j*k+k][:len(x0)]
			for i, v := range x0 {
				row[i] += (float32(f0*v) + float32(f1*x1[i])) + (float32(f2*x2[i]) + float32(f3*x3[i]))
			}
		}
	}
	for ; t < tokens; t++ {
		for j, f := range dz[t*m:][:m] {
			axpy(f, xs[t*k:][:k], matrix[j*k:][:k])
		}
	}
}

// transpose writes a matrix of rows and columns with both exchanged.
func transpose(to, from []float32, rows, columns int) {
	for i := range rows {
		for j, x := range from[i*columns:][:columns] {
			to[j*rows+i] = x
		}
	}
}

// exp32 is the exponential to about seven digits, the same on every machine.
func exp32(x float32) float32 {
	x = max(-87, min(87, x))
	n := float32(math.Floor(float64(float32(x*1.44269504) + 0.5)))
	x = (x - float32(n*0.693359375)) - float32(n*-2.12194440e-4)
	p := float32(1.9875691500e-4)
	for _, c := range [...]float32{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		p = float32(p*x) + c
	}
	p = float32(float32(p*x)*x) + x + 1
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}

func sigmoid(x float32) float32 { return 1 / (1 + exp32(-x)) }

func tanh32(x float32) float32 { return 2/(1+exp32(-2*x)) - 1 }
