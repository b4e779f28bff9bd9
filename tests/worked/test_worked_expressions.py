"""Functions with published derivatives: graphs of our own making, by evaluate, gradients, grad."""

import math

import numpy as np
import pytest
from printed import close, printed

import chainrule as cr


def values(f, /, **at):
    """Return the value of a function of scalars and its gradient, in the order of `at`."""
    nodes = {name: cr.variable(name, value) for name, value in at.items()}
    out = f(**nodes)
    found = cr.evaluate([out, *cr.gradients(out, list(nodes.values()))])
    return float(found[0]), [float(g) for g in found[1:]]


# micrograd (Karpathy, 2020) and its lecture


def test_micrograd_readme():
    def expression(a, b):
        c = a + b
        d = a * b + b**3
        c = c + c + 1
        c = c + 1 + c + (-a)
        d = d + d * 2 + cr.relu(b + a)
        d = d + 3 * d + cr.relu(b - a)
        e = c - d
        f = e**2
        g = f / 2.0
        return g + 10.0 / f

    g, slopes = values(expression, a=-4.0, b=2.0)
    assert g == pytest.approx(2421 / 98, rel=1e-15)  # e = -7, f = 49: 49/2 + 10/49
    printed("24.704081632653 138.8338192 645.5772595", [g, *slopes])


def test_lecture_l_of_a_b_c_f():
    """L = (a b + c) f: dL/da = b f, dL/db = a f, dL/dc = f, dL/df = a b + c."""
    assert values(lambda a, b, c, f: (a * b + c) * f, a=2.0, b=-3.0, c=10.0, f=-2.0) == (
        -8.0, [6.0, -4.0, -2.0, 4.0],
    )  # fmt: skip


def test_lecture_tanh_neuron():
    """o = tanh(n), n = x1 w1 + x2 w2 + b: do/dn = 1 - o^2 = 1/2, times w, x and 1."""
    at = {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.8813735870195432}
    neuron = lambda x1, x2, w1, w2, b: cr.tanh(x1 * w1 + x2 * w2 + b)  # noqa: E731
    o, slopes = values(neuron, **at)
    assert o == pytest.approx(0.7071067811865476, rel=1e-15)
    close(slopes, [-1.5, 0.5, 1.0, 0.0, 0.5], 1e-15)


def test_lecture_tanh_written_out():
    """The same neuron with tanh(n) = (e^2n - 1) / (e^2n + 1) gives the same slopes."""

    def neuron(x1, x2, w1, w2, b):
        e = cr.exp(2 * (x1 * w1 + x2 * w2 + b))
        return (e - 1) / (e + 1)

    o, slopes = values(neuron, x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432)
    close([o, *slopes], [0.7071067811865476, -1.5, 0.5, 1.0, 0.0, 0.5], 1e-14)


def test_forks_add_up():
    assert values(lambda a: a + a, a=3.0) == (6.0, [2.0])
    # f = (a b)(a + b): df/da = 2 a b + b^2 = -3, df/db = a^2 + 2 a b = -8
    assert values(lambda a, b: (a * b) * (a + b), a=-2.0, b=3.0) == (-6.0, [-3.0, -8.0])


def test_sanity_check_of_micrograd_s_tests():
    def expression(x):
        z = 2 * x + 2 + x
        q = cr.relu(z) + z * x
        h = cr.relu(z * z)
        return h + q + q * x

    assert values(expression, x=-4.0) == (-20.0, [46.0])


# CS231n, Stanford, course notes


def test_cs231n_product_of_a_sum():
    f = lambda x, y, z: (x + y) * z  # noqa: E731
    assert values(f, x=-2.0, y=5.0, z=-4.0) == (-12.0, [-4.0, -4.0, 3.0])


def test_cs231n_sigmoid_neuron():
    """f = s(w0 x0 + w1 x1 + w2), s(1) = .731, slope .731 (1 - .731) = .1966."""
    f = lambda w0, w1, w2, x0, x1: cr.sigmoid(w0 * x0 + w1 * x1 + w2)  # noqa: E731
    out, slopes = values(f, w0=2.0, w1=-3.0, w2=-3.0, x0=-1.0, x1=-2.0)
    assert out == pytest.approx(0.7310585786300049, rel=1e-15)
    by_w = [-0.19661193324148185, -0.3932238664829637, 0.19661193324148185]
    close(slopes, [*by_w, 0.3932238664829637, -0.5898357997244456], 1e-15)


def test_cs231n_staged_expression():
    """f = (x + s(y)) / (s(x) + (x + y)^2): numerator and denominator fork from x and y."""
    f = lambda x, y: (x + cr.sigmoid(y)) / (cr.sigmoid(x) + (x + y) ** 2)  # noqa: E731
    out, slopes = values(f, x=3.0, y=-4.0)
    assert out == pytest.approx(1.5456448841066441, rel=1e-15)
    close(slopes, [2.0595697955721652, 1.5922327514838093], 1e-15)


def test_cs231n_gradient_of_scores():
    """p = softmax(scores), L = -log p_y: dL/dscore_k = p_k - (k is y)."""
    scores = cr.variable("scores", np.log([0.2, 0.3, 0.5]))
    loss = -cr.log_softmax(scores)[1]
    close(cr.evaluate(cr.gradients(loss, [scores])[0]), [0.2, -0.7, 0.5], 1e-15)


def test_cs231n_softmax_of_one_image():
    """Scores -2.85, .86, .28 and right class the third: p = .016 .631 .353, L = 1.04."""
    scores = cr.variable("scores", [-2.85, 0.86, 0.28])
    loss = -cr.log_softmax(scores)[2]
    found = np.append(*cr.evaluate([cr.softmax(scores), loss]))
    printed("0.016 0.631 0.353 1.04", found, units=1)  # the notes round on the way


def test_cs231n_stable_softmax():
    """Scores 123, 456, 789 overflow exp; shifted by their maximum they do not."""
    found = cr.evaluate(cr.softmax(cr.variable("f", [123.0, 456.0, 789.0])))
    close(found, [math.exp(-666), math.exp(-333), 1.0], 1e-300)


# Derivatives of tanh (JAX, The Autodiff Cookbook; also autograd's README)


def test_derivatives_of_tanh():
    """tanh' = 1 - t^2;  tanh'' = -2 t tanh';  tanh''' = -2 tanh'^2 - 2 t tanh''."""
    first = cr.grad(cr.tanh)
    second = cr.grad(first)
    third = cr.grad(second)
    printed("0.07065082485", first(2.0))
    printed("-0.13621868743", second(2.0))
    printed("0.25265406510", third(2.0))
    t = math.tanh(2.0)
    d1 = 1 / math.cosh(2.0) ** 2
    d2 = -2 * t * d1
    close([first(2.0), second(2.0), third(2.0)], [d1, d2, -2 * d1 * d1 - 2 * t * d2], 1e-14)
    printed("0.419974341614", first(1.0))


# PyTorch, tutorials on autograd


def test_pytorch_mean_of_squares():
    """out = 1/4 sum 3 (x + 2)^2: dout/dx = 3/2 (x + 2) = 4.5 at 1."""
    found = cr.grad(lambda x: np.mean(3 * (x + 2) ** 2))(np.ones((2, 2)))
    assert found.tolist() == [[4.5, 4.5], [4.5, 4.5]]


def test_pytorch_q():
    """Q = 3 a^3 - b^2 with upstream gradient 1: dQ/da = 9 a^2, dQ/db = -2 b."""
    a, b = cr.variable("a", [2.0, 3.0]), cr.variable("b", [6.0, 4.0])
    found = cr.evaluate(cr.gradients(np.sum(3 * a**3 - b**2), [a, b]))
    assert [g.tolist() for g in found] == [[36.0, 81.0], [-12.0, -8.0]]


# TensorFlow, Introduction to gradients and automatic differentiation


def test_tensorflow_tape():
    assert float(cr.grad(lambda x: x**2)(3.0)) == 6.0
    assert float(cr.grad(lambda x: (x * x) * (x * x))(3.0)) == 108.0  # 4 x^3
    slope = cr.grad(lambda x: x**3)
    assert (float(slope(1.0)), float(cr.grad(slope)(1.0))) == (3.0, 6.0)


# JAX, Automatic differentiation


def test_jax_derivatives_of_a_cubic():
    """f = x^3 + 2 x^2 - 3 x + 1: f' = 3 x^2 + 4 x - 3, f'' = 6 x + 4, f''' = 6, f'''' = 0."""
    f = lambda x: x**3 + 2 * x**2 - 3 * x + 1  # noqa: E731
    found = []
    for _ in range(4):
        f = cr.grad(f)
        found.append(float(f(1.0)))
    assert found == [4.0, 10.0, 6.0, 0.0]


# tinygrad, README


def test_tinygrad_readme():
    """z = sum(y x): dz/dx_ij = y_i, dz/dy_i = sum_j x_ij."""
    by_x, by_y = cr.grad(lambda x, y: np.sum(y @ x), wrt=(0, 1))(
        np.eye(3), np.array([[2.0, 0.0, -2.0]])
    )
    assert by_x.tolist() == [[2.0, 2.0, 2.0], [0.0, 0.0, 0.0], [-2.0, -2.0, -2.0]]
    assert by_y.tolist() == [[1.0, 1.0, 1.0]]


# Dive into Deep Learning, section 2.5


def test_d2l_autograd():
    x = np.arange(4.0)
    assert cr.grad(lambda x: 2 * np.dot(x, x))(x).tolist() == [0.0, 4.0, 8.0, 12.0]
    assert cr.grad(np.sum)(x).tolist() == [1.0, 1.0, 1.0, 1.0]
    # z = u x with u = x * x held fixed: the gradient is u, not 3 x^2
    held = cr.grad(lambda x: np.sum(cr.stop_gradient(x * x) * x))
    assert held(x).tolist() == [0.0, 1.0, 4.0, 9.0]


# Griewank and Walther, Evaluating Derivatives (2008), chapter 1


def test_griewank_and_walther_example():
    """y = [sin(x1/x2) + x1/x2 - exp(x2)] [x1/x2 - exp(x2)], tables 1.1 to 1.3."""

    def f(x1, x2):
        ratio = x1 / x2
        return (cr.sin(ratio) + ratio - cr.exp(x2)) * (ratio - cr.exp(x2))

    y, slopes = values(f, x1=1.5, x2=0.5)
    printed("2.0167", y, units=1)  # the tables cut digits off
    printed("3.0118 -13.7239", slopes, units=1)


# Baydin et al., Automatic Differentiation in Machine Learning: a Survey (2018), tables 2 and 3


def test_baydin_survey_example():
    """y = ln x1 + x1 x2 - sin x2: dy/dx1 = 1/x1 + x2, dy/dx2 = x1 - cos x2."""
    y, slopes = values(lambda a, b: cr.log(a) + a * b - cr.sin(b), a=2.0, b=5.0)
    printed("11.652 5.5 1.716", [y, *slopes])


# SciPy, optimize: the Rosenbrock function


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_scipy_rosenbrock():
    """rosen_der at 0.1 * arange(9), rosen_hess at 0.1 * arange(4)."""
    x = 0.1 * np.arange(9)
    printed("-2.0 10.6 15.6 13.4 6.4 -3.0 -12.4 -19.4 62.0", cr.grad(rosenbrock)(x), units=1e-9)
    hessian = cr.grad(lambda p, v: np.sum(cr.grad(rosenbrock)(p) * v))
    rows = [hessian(0.1 * np.arange(4), row) for row in np.eye(4)]
    close(rows, [[-38, 0, 0, 0], [0, 134, -40, 0], [0, -40, 130, -80], [0, 0, -80, 200]])


def test_rosenbrock_at_the_usual_start():
    value, slope = cr.value_and_grad(rosenbrock)(np.array([-1.2, 1.0]))
    printed("24.2 -215.6 -88.0", [value, *slope], units=1e-9)


# Wikipedia


def test_wikipedia_softmax():
    x = cr.variable("x", [1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0])
    text = "0.0236405 0.0642617 0.174681 0.474833 0.0236405 0.0642617 0.174681"
    printed(text, cr.evaluate(cr.softmax(x)))


def test_wikipedia_automatic_differentiation():
    """z = x1 x2 + sin x1: dz/dx1 = x2 + cos x1, dz/dx2 = x1."""
    _, slopes = values(lambda x1, x2: x1 * x2 + cr.sin(x1), x1=0.5, x2=4.2)
    close(slopes, [4.2 + math.cos(0.5), 0.5], 1e-15)
