5.8s * the goal is 5 members, w 2
5.8s size 4
6.6s prepare s-3
6.7s note s-0 s-1 s-2 s-3
6.8s join s-3 to s-0
8.6s quorum s-0 epoch 1 n 4 w 1
8.8s mark epoch 1 n 4 w 1: QuorumChanged
8.9s describe s-3 replica readable joined
8.9s size 5
10.0s prepare s-4
10.1s note s-0 s-1 s-2 s-3 s-4
10.2s join s-4 to s-0
11.2s quorum s-0 epoch 1 n 5 w 2
11.4s mark epoch 1 n 5 w 2: QuorumChanged
11.5s describe s-4 replica readable joined
13.8s * the goal is 2 members, w 0
13.8s mark epoch 1 n 4 w 0: QuorumChanged
13.9s quorum s-0 epoch 1 n 4 w 0
14.1s size 4
14.3s mark epoch 1 n 3 w 0: QuorumChanged
14.4s quorum s-0 epoch 1 n 3 w 0
14.6s note s-0 s-1 s-2 s-3
14.6s size 3
14.7s mark epoch 1 n 2 w 0: QuorumChanged
14.8s quorum s-0 epoch 1 n 2 w 0
15.0s note s-0 s-1 s-2
15.0s size 2
15.3s note s-0 s-1
no acknowledged write is lost
