import Glibc

/// Values handed from one thread to another, oldest first.
///
/// `@unchecked Sendable`: everything inside is touched under the lock alone.
final class Mailbox<Element: Sendable>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var elements: [Element] = []
    private var isClosed = false

    init() {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body()
    }

    /// Adds a value.
    func put(_ element: Element) {
        locked {
            elements.append(element)
            pthread_cond_broadcast(changed)
        }
    }

    /// Changes what waits, in one go: to join a value with the latest one, or to take some out of their order.
    func change<Result>(_ body: (inout [Element]) throws -> Result) rethrows -> Result {
        try locked {
            defer { pthread_cond_broadcast(changed) }
            return try body(&elements)
        }
    }

    /// The oldest value, waited for; nil when the box is closed.
    func take() -> Element? {
        locked {
            while elements.isEmpty && !isClosed { pthread_cond_wait(changed, lock) }
            return isClosed ? nil : elements.removeFirst()
        }
    }

    /// Everything that is there.
    func takeAll() -> [Element] {
        change { all in
            defer { all = [] }
            return all
        }
    }

    /// Waits until `condition` holds for what is inside; gives up when the box is closed.
    func wait(until condition: ([Element]) -> Bool) {
        locked {
            while !isClosed && !condition(elements) { pthread_cond_wait(changed, lock) }
        }
    }

    /// Ends all waiting, for good.
    func close() {
        locked {
            isClosed = true
            pthread_cond_broadcast(changed)
        }
    }
}
